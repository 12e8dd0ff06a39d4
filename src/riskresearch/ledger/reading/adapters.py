"""Which adapter makes canonical tables of which rows."""

from collections.abc import Callable, Mapping, Sequence

from riskresearch.ledger.reading.built import Built
from riskresearch.ledger.reading.einvoice import build_einvoice
from riskresearch.ledger.reading.odoo import build_odoo
from riskresearch.ledger.reading.rows import SourceRows
from riskresearch.ledger.reading.sap import build_sap

Build = Callable[[Sequence[SourceRows]], Built]
ADAPTERS: Mapping[tuple[str, ...], Build] = {
    ("sap_item",): build_sap,
    ("odoo_move", "odoo_line", "odoo_partial"): build_odoo,
    ("einvoice", "einvoice_event"): build_einvoice,
}
ADAPTED = frozenset(shape for shapes in ADAPTERS for shape in shapes)


def adapted(sources: Sequence[SourceRows]) -> list[Built]:
    """Return what the adapters make of the sources in their shapes.

    Raises
    ------
    LedgerError
        Rows an adapter needs are not delivered.
    """
    found = []
    for shapes, build in ADAPTERS.items():
        own = [rows for rows in sources if rows.source.rows in shapes]
        if own:
            found.append(build(own))
    return found
