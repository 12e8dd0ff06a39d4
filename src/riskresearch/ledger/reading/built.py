"""What an adapter makes of the rows of other software."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pandas import DataFrame, Series

from riskresearch.base.errors import LedgerError, first_keys
from riskresearch.base.schema import DTYPES
from riskresearch.ledger.reading.coded import arrow
from riskresearch.ledger.reading.rows import SourceRows
from riskresearch.ledger.reading.targets import ROW_SHAPES

Check = tuple[str, int | None, int, str]


@dataclass(frozen=True)
class Built:
    """Canonical tables made from rows of another shape.

    Parameters
    ----------
    tables : canonical tables by name, columns that may be absent left out
    customers : customer columns by document, names among them
    checks : totals compared: code, expected, rebuilt, what they are
    notes : what was assumed, counted
    gaps : gap codes of what such rows cannot tell
    """

    tables: dict[str, DataFrame]
    customers: DataFrame
    checks: list[Check] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    gaps: tuple[str, ...] = ()


def kept_rows(sources: Sequence[SourceRows], shape: str) -> DataFrame:
    """Return the kept rows of all sources of a shape, empty where there is none.

    Raises
    ------
    LedgerError
        Rows that differ share a key.
    """
    parts = [rows.kept for rows in sources if rows.source.rows == shape]
    if not parts:
        return DataFrame({column.name: Series(dtype=DTYPES[column.kind]) for column in ROW_SHAPES[shape].columns})
    rows, keys = pd.concat(parts, ignore_index=True), list(ROW_SHAPES[shape].keys)
    repeated = rows[rows.duplicated(keys)]
    if len(repeated):
        ids = joined_id(repeated.astype(dict.fromkeys(keys, "str")), keys).drop_duplicates()
        raise LedgerError(
            f"{shape}.{'/'.join(keys)}: {len(ids)} keys ({first_keys(ids)}) stand on several rows that differ; one row "
            f"per key is allowed; correct the delivery, or map all columns of the key"
        )
    return rows


def joined_id(frame: DataFrame, names: Sequence[str], mark: str = "-") -> Series:
    """Return the parts of an id as one text; parts that are missing are left out.

    Examples
    --------
    >>> joined_id(DataFrame({"a": ["1000", None], "b": ["77", "78"]}, dtype="str"), ["a", "b"]).tolist()
    ['1000-77', '78']
    """
    parts = [arrow(frame[name].astype("str")) for name in names]
    given = [pc.if_else(pc.equal(part, ""), None, part) for part in parts]
    whole = pc.binary_join_element_wise(*given, pa.scalar(mark, pa.large_string()), null_handling="skip")
    return Series(pd.array(whole, dtype="str"), index=frame.index)


def balance_checks(
    read: Series, currency: Series, tables: dict[str, DataFrame], *, code: str, detail: str
) -> list[Check]:
    """Return one check per currency: the balance of the rows read against that of the documents made of them.

    Parameters
    ----------
    read : signed amounts of the rows, debit positive
    currency : their currency
    """
    invoices = tables["invoices"].set_index("invoice_id")["currency_code"]
    other = tables["allocations"][~tables["allocations"]["source_code"].isin(("payment", "credit_note"))]
    parts = [
        tables["invoices"].groupby("currency_code")["gross_minor"].sum(),
        -tables["credit_notes"].groupby("currency_code")["gross_minor"].sum(),
        -tables["payments"].groupby("currency_code")["amount_minor"].sum(),
        -other["amount_minor"].groupby(other["invoice_id"].map(invoices)).sum(),
    ]
    expected = read.groupby(currency).sum()
    rebuilt = pd.concat([part for part in parts if len(part)]).groupby(level=0).sum()
    codes = sorted({*expected.index, *rebuilt.index})
    return [(f"{code}.{name}", int(expected.get(name, 0)), int(rebuilt.get(name, 0)), detail) for name in codes]
