"""The ledger as delivered: canonical tables with what was kept, set aside and cannot be told."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd
from pandas import DataFrame, Timestamp

from riskresearch.base.schema import check, empty
from riskresearch.ledger.tables import ACCOUNT_TABLES, LEDGER_TABLES


@dataclass(frozen=True)
class Ledger:
    """Canonical tables of one delivery.

    Parameters
    ----------
    tables : canonical tables by name (see `riskresearch.ledger.tables`), all present, maybe empty
    accounts : ``set_aside``, ``reconciliation`` and ``gaps``
    source_name : name of the delivered file or folder
    mapping_name : name of the mapping that was used
    currency_code : run currency (ISO 4217)
    is_synthetic : True for a generated ledger; every page made from it says so
    """

    tables: Mapping[str, DataFrame]
    accounts: Mapping[str, DataFrame]
    source_name: str
    mapping_name: str
    currency_code: str
    is_synthetic: bool = False
    notes: tuple[str, ...] = field(default=())

    def __getitem__(self, name: str) -> DataFrame:
        """Return one canonical table."""
        return self.tables[name]

    @property
    def last_document_date(self) -> Timestamp | None:
        """Last day on which an invoice was recorded."""
        return _last(self.tables["invoices"]["recorded_date"])

    @property
    def last_settlement_date(self) -> Timestamp | None:
        """Last day on which a receipt was recorded."""
        return _last(self.tables["payments"]["recorded_date"])

    @property
    def default_as_of(self) -> Timestamp | None:
        """Last day on which both invoices and receipts are recorded; None for an empty ledger."""
        days = [day for day in (self.last_document_date, self.last_settlement_date) if day is not None]
        return min(days) if days else None


def build_ledger(tables: Mapping[str, DataFrame], accounts: Mapping[str, DataFrame], **facts: object) -> Ledger:
    """Return a checked ledger; absent tables are added empty.

    Raises
    ------
    TableError
        A table does not agree with the table dictionary.
    """
    checked = {t.name: check(tables[t.name], t) if t.name in tables else empty(t) for t in LEDGER_TABLES}
    accounted = {t.name: check(accounts[t.name], t) if t.name in accounts else empty(t) for t in ACCOUNT_TABLES}
    return Ledger(checked, accounted, **facts)  # type: ignore[arg-type]


def _last(dates: pd.Series) -> Timestamp | None:
    return dates.max() if dates.notna().any() else None
