"""What `riskresearch check` says of a ledger: counts, amounts, reconciliation, gaps."""

from pandas import DataFrame

from riskresearch.ledger.ledger import Ledger

_AMOUNTS = {
    "invoices": "base_minor",
    "credit_notes": "base_minor",
    "payments": "base_minor",
    "allocations": "base_minor",
}


def check_report(ledger: Ledger) -> str:
    """Return the findings on a ledger as text, for a terminal.

    Parameters
    ----------
    ledger : ledger as delivered
    """
    as_of = ledger.default_as_of
    parts = [
        f"Ledger {ledger.source_name}, mapping {ledger.mapping_name}, run currency {ledger.currency_code}"
        + (", SYNTHETIC" if ledger.is_synthetic else ""),
        f"Date of a run without --as-of: {as_of.date() if as_of is not None else 'none: no receipts'}",
        "",
        "Kept",
        *_kept(ledger),
        "",
        "Set aside",
        *_set_aside(ledger.accounts["set_aside"]),
        "",
        "Reconciliation",
        *_reconciled(ledger.accounts["reconciliation"]),
        "",
        "What this source cannot tell",
        *_gaps(ledger.accounts["gaps"]),
        *_notes(ledger),
    ]
    return "\n".join(parts)


def _kept(ledger: Ledger) -> list[str]:
    lines = []
    for name, frame in ledger.tables.items():
        if len(frame):
            amount = f"{frame[_AMOUNTS[name]].sum() / 100:>20,.2f}" if name in _AMOUNTS else ""
            lines.append(f"  {name:<18}{len(frame):>10,} rows{amount}")
    return lines or ["  nothing"]


def _set_aside(frame: DataFrame) -> list[str]:
    return [
        f"  {row.source_name}: {row.n_rows:,} rows, {row.reason_code} (first: {row.first_keys})"
        for row in frame.itertuples()
    ] or ["  nothing"]


def _reconciled(frame: DataFrame) -> list[str]:
    return [
        f"  {row.check_code}: expected {row.expected_minor}, rebuilt {row.rebuilt_minor}, difference "
        f"{row.difference_minor} — {row.detail}"
        for row in frame.itertuples()
    ] or ["  no totals in this source"]


def _gaps(frame: DataFrame) -> list[str]:
    return [f"  {row.gap_code}: {row.effect}" for row in frame.itertuples()] or ["  nothing"]


def _notes(ledger: Ledger) -> list[str]:
    return ["", "Notes", *(f"  {note}" for note in ledger.notes)] if ledger.notes else []
