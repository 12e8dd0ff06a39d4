"""The ledger as known on a day, with what is made of it at once: movements and default spells."""

from pandas import DataFrame, Timestamp

from riskresearch.ledger.default import DefaultSettings, defaults
from riskresearch.ledger.ledger import Ledger
from riskresearch.ledger.movements import cut_ledger, movements


def known_tables(ledger: Ledger, settings: DefaultSettings, *, as_of: Timestamp) -> dict[str, DataFrame]:
    """Return the canonical tables with `movements` and `defaults`, as known on a day.

    Parameters
    ----------
    ledger : delivered ledger
    settings : definition of default
    as_of : last day that counts
    """
    tables = cut_ledger(ledger, as_of=as_of)
    moves = movements(tables)
    spells = defaults(moves, tables["disputes"], tables["events"], settings, as_of=as_of)
    return tables | {"movements": moves, "defaults": spells}
