"""Delivered files of any layout read through a column map into the canonical tables.

bytes → `delivery` (rows of text) → `rows` (typed targets, findings) → `flat`, `settle` (documents and how
they settle) → `assemble` (one ledger: `currency`, `reconcile`, `gaps`). `propose` writes a mapping to start from.
"""
