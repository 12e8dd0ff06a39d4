"""Opening balances of a year whose previous year is delivered too: carried, never counted twice.

The documents of the previous year go on; the opening lines are set aside as ``carried_forward``.
Their letters still matter: payments of the new year are lettered with them, so
`lettrage` looks up the document each of them stands for.
"""

import pandas as pd
from pandas import DataFrame, Series

from riskresearch.ledger.fec.roles import is_collective


def carry_forward(receivables: DataFrame) -> DataFrame:
    """Return the receivable lines with opening lines of later years marked ``carried_forward``.

    A customer whose opening equals its closing of the year before carries all its lines. If not,
    the lines with a PieceRef the books did not have before stay opening items where they are just
    the difference; otherwise the difference becomes one opening line of its own (``line_number`` 0),
    so the balance is that of the books. Customers without opening line are taken to be in a
    collective one (account 411 without customer), if there is such a line. `opening_differences`
    shows what differed.
    """
    years = range(1, int(receivables["year_no"].max()) + 1)
    for year in years:
        opening = _opening(receivables, year)
        if opening.any():
            receivables = _carry_year(receivables, opening, closing_balances(receivables, year - 1), year)
    return receivables


def closing_balances(receivables: DataFrame, year: int) -> Series:
    """Return the balance of each customer in the books at the end of a year (cents).

    A file with opening lines holds the whole balance; one without is added to the years before.
    """
    past = receivables[(receivables["year_no"] <= year) & receivables["line_number"].gt(0)]
    starts = past.loc[past["is_opening"], "year_no"]
    start = int(starts.max()) if len(starts) else 0
    return past[past["year_no"] >= start].groupby("customer_id")["net_minor"].sum()


def opening_differences(receivables: DataFrame) -> DataFrame:
    """Return opening and previous closing of each customer and later year that has opening lines.

    Columns: year_no, customer_id, closing_minor, opening_minor.
    """
    rows = [
        DataFrame(
            {
                "closing_minor": closing_balances(receivables, year - 1),
                "opening_minor": _opening_balances(receivables, year),
            }
        )
        .fillna(0)
        .astype("int64")
        .rename_axis("customer_id")
        .reset_index()
        .assign(year_no=year)
        for year in range(1, int(receivables["year_no"].max()) + 1)
        if _opening(receivables, year).any()
    ]
    columns = ["year_no", "customer_id", "closing_minor", "opening_minor"]
    return pd.concat(rows)[columns] if rows else DataFrame(columns=columns)


def _opening(receivables: DataFrame, year: int) -> Series:
    return receivables["is_opening"] & receivables["year_no"].eq(year) & receivables["line_number"].gt(0)


def _opening_balances(receivables: DataFrame, year: int) -> Series:
    return receivables[_opening(receivables, year)].groupby("customer_id")["net_minor"].sum()


def _carry_year(receivables: DataFrame, opening: Series, closing: Series, year: int) -> DataFrame:
    lines = receivables[opening]
    past = receivables[receivables["year_no"] < year]
    known = pd.MultiIndex.from_frame(past[["customer_id", "piece_ref"]])
    is_new = ~Series(pd.MultiIndex.from_frame(lines[["customer_id", "piece_ref"]]).isin(known), index=lines.index)
    difference = _differences(lines, closing)
    new = lines["net_minor"].where(is_new, 0).groupby(lines["customer_id"]).sum()
    explained = new.reindex(difference.index, fill_value=0).eq(difference) & difference.ne(0)
    stays = is_new & lines["customer_id"].map(explained)
    carried = lines.index[~stays]
    kind = receivables["kind_code"].mask(receivables.index.isin(carried), "carried_forward")
    rest = difference[difference.ne(0) & ~explained]
    receivables = receivables.assign(kind_code=kind)
    return pd.concat([receivables, _difference_lines(lines, receivables, rest)]) if len(rest) else receivables


def _differences(lines: DataFrame, closing: Series) -> Series:
    """Return opening minus closing; customers without opening are taken from a collective opening line."""
    opening = lines.groupby("customer_id")["net_minor"].sum()
    difference = opening.sub(closing, fill_value=0).astype("int64")
    is_collective_line = lines["aux_number"].eq("") & is_collective(lines["account"])
    collective = sorted(set(lines.loc[is_collective_line, "customer_id"]) - set(closing.index))
    if collective:
        unopened = closing.index.difference(opening.index)
        difference[collective[0]] -= closing[unopened].sum()
        difference[unopened] = 0
    return difference


def _difference_lines(lines: DataFrame, receivables: DataFrame, rest: Series) -> DataFrame:
    """Return one opening line per customer for what the carried documents do not explain."""
    model = lines.iloc[[0] * len(rest)].drop(columns=["piece_date", "net_of_tax_minor"])
    net = rest.to_numpy()
    first = min(int(receivables["line_id"].min()), 0) - len(rest)
    blank = dict.fromkeys(("aux_label", "piece_ref", "label", "letter", "foreign_code", "entry_number"), "")
    return model.assign(
        **blank,
        line_number=0,
        line_id=range(first, first + len(rest)),
        customer_id=rest.index.to_numpy(),
        account="411",
        role_code="customer",
        net_minor=net,
        kind_code=["opening_item" if amount > 0 else "opening_credit" for amount in net],
    ).set_index(pd.Index(range(first, first + len(rest))))
