"""The French FEC (Fichier des écritures comptables) as a customer ledger.

`is_fec` recognises a file, `read_fec` reads one or more fiscal years. On the way: `text` (fields),
`values` (days, cents), `lines` (years, entries), `roles` (customers, accounts), `kinds` and `parts`
(what each line is), `carry` (opening balances), `settle`, `book` and `lettrage` (who paid what),
`documents` (canonical tables), `totals` and `gaps` (what adds up, what is unknown).
"""

from riskresearch.ledger.fec.read import is_fec, read_fec

__all__ = ["is_fec", "read_fec"]
