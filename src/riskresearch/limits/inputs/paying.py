"""How each customer buys and pays on each day of review: invoices, terms, delays, first orders."""

import numpy as np
import pandas as pd
from pandas import DataFrame, Series, Timestamp

from riskresearch.limits.inputs.amounts import OpenSteps
from riskresearch.limits.inputs.grid import Bools, Cells, Floats, Grid, Ints, Objects, day_numbers, known_date

YEAR_MONTHS = 12
LOST = ("write_off", "doubtful")
FEWEST_FIRST_ORDERS = 3
"""First orders of a sector from which on their median is used."""


def invoice_figures(
    grid: Grid, invoices: DataFrame, customers: DataFrame, *, first_day: Timestamp, currency_code: str
) -> dict[str, Cells]:
    """Return number, terms and currency of the invoices of 12 months, and months since the first and the last one.

    Parameters
    ----------
    grid : customers and days of review
    invoices, customers : canonical tables
    first_day : first day the ledger covers
    currency_code : run currency; an empty currency stands for it

    Returns
    -------
    dict of ``n_invoices_12m terms_days currency_code tenure_months silence_months``, customers by days. A relation
    delivered as begun before the ledger's first day counts from its beginning once an invoice is known. Invoices of
    late fees end no silence.
    """
    row, enter = grid.row(invoices, "invoices"), grid.enter(known_date(invoices, "invoice_date"))
    leave = grid.leave(invoices["invoice_date"], YEAR_MONTHS)
    issued = day_numbers(invoices["invoice_date"])
    is_sale = (invoices["invoice_kind_code"] != "finance_charge").to_numpy()
    first = _running(grid, row, enter, issued, smallest=True)
    begun = day_numbers(customers.set_index("customer_id")["relationship_start_date"].reindex(grid.customers))
    begun = np.where(begun < day_numbers(Series([first_day])), begun, np.inf)[:, None]
    last = _running(grid, row[is_sale], enter[is_sale], issued[is_sale], smallest=False)
    return {
        "n_invoices_12m": grid.count(row, enter, leave),
        "terms_days": _median_terms(grid, invoices, (row, enter, leave)),
        "currency_code": _main_currency(grid, invoices["currency_code"], (row, enter, leave), currency_code),
        "tenure_months": grid.months_since(np.where(np.isinf(first), np.inf, np.minimum(first, begun))),
        "silence_months": grid.months_since(last),
    }


def _running(grid: Grid, row: Ints, enter: Ints, value: Floats, *, smallest: bool) -> Floats:
    """Smallest or largest value entered by each day; infinite where none."""
    function, none = (np.minimum, np.inf) if smallest else (np.maximum, -np.inf)
    found = np.full((grid.shape[0], grid.shape[1] + 1), none)
    function.at(found, (row, enter), value)
    return function.accumulate(found[:, :-1], axis=1)


def _median_terms(grid: Grid, invoices: DataFrame, where: tuple[Ints, Ints, Ints]) -> Floats:
    row, enter, leave = where
    days = day_numbers(invoices["due_date"]) - day_numbers(invoices["invoice_date"])
    act, day = grid.spans(np.where(np.isinf(days), grid.shape[1], enter), leave)
    return _medians(row[act] * grid.shape[1] + day, days[act], grid.shape)


def _medians(cell: Ints, value: Floats, shape: tuple[int, int]) -> Floats:
    """Median of the values of each cell of a matrix, numbered row by row; NaN where there is none."""
    found = np.full(shape[0] * shape[1], np.nan)
    medians = Series(value).groupby(cell).median()
    found[medians.index.to_numpy()] = medians.to_numpy()
    return found.reshape(shape)


def _main_currency(grid: Grid, currency: Series, where: tuple[Ints, Ints, Ints], run_currency: str) -> Objects:
    """Currency of most invoices of the window, of equals the first in the alphabet; empty for the run's."""
    row, enter, leave = where
    code, names = pd.factorize(currency, sort=True)
    if not len(names):
        return np.full(grid.shape, None, dtype=object)
    counts = np.stack([grid.count(row[code == k], enter[code == k], leave[code == k]) for k in range(len(names))])
    main: Objects = names.to_numpy(dtype=object)[counts.argmax(axis=0)]
    main[(counts.max(axis=0) == 0) | (main == run_currency)] = None
    return main


def n_paid_invoices(grid: Grid, steps: OpenSteps) -> Ints:
    """Return how many invoices were paid in full by each day.

    Nothing is open on the invoice, and receipts, discounts and bills settled at least as much of it as credit notes
    and as write-offs.
    """
    acts = steps.acts[["invoice_id", "known_date", "movement_id", "movement_code"]].assign(
        row=steps.row, enter=steps.enter, open=steps.change_minor, settled=-steps.acts["base_minor"].to_numpy("int64")
    )
    acts = acts.sort_values(["invoice_id", "known_date", "movement_id"], ignore_index=True)
    code = acts["movement_code"]
    is_end = {"credited": code == "credit_note", "lost": code.isin(LOST)}
    is_end["paid"] = ~(is_end["credited"] | is_end["lost"] | (code == "invoice"))
    owner = acts["invoice_id"]
    sums = {name: acts["settled"].where(mask, 0).groupby(owner).cumsum() for name, mask in is_end.items()}
    is_paid = (acts["open"].groupby(owner).cumsum() == 0) & (sums["paid"] > 0)
    is_paid &= (sums["paid"] >= sums["credited"]) & (sums["paid"] >= sums["lost"])
    number = is_paid.astype("int64")
    change = number - number.groupby(owner).shift(fill_value=0)
    level = grid.level(acts["row"].to_numpy(), acts["enter"].to_numpy(), change.to_numpy())
    return level.round().astype("int64")


def days_beyond_terms(grid: Grid, moves: DataFrame, *, months: int = YEAR_MONTHS) -> Floats:
    """Return days late of the receipts of the last months, weighted by amount, early as 0, customers by days.

    What was returned or unmatched by the day is taken off, from the latest match of the receipt on the item first.
    A receipt on an item without a due date does not count.

    Parameters
    ----------
    grid : customers and days of review
    moves : table `movements`
    months : months of receipts
    """
    paid = moves[(moves["movement_code"] == "payment").to_numpy()]
    key = paid["receipt_id"].where(paid["receipt_id"].notna(), paid["movement_id"])
    pair, _ = pd.factorize(paid["item_id"] + "|" + key, sort=True)
    paid = paid.assign(pair=pair).sort_values(["pair", "known_date", "movement_id"], ignore_index=True)
    is_back = (paid["base_minor"] > 0).to_numpy()
    received, back = paid[~is_back], paid[is_back]
    late = day_numbers(received["effective_date"]) - day_numbers(received["due_date"])
    facts = DataFrame(
        {
            "row": grid.row(received, "movements"),
            "pair": received["pair"].to_numpy(),
            "enter": grid.enter(received["known_date"]),
            "leave": grid.leave(received["known_date"], months),
            "minor": -received["base_minor"].to_numpy("int64"),
            "late": late.clip(min=0),
        }
    )
    timed = facts[received["due_date"].notna().to_numpy()]
    is_touched = timed["pair"].isin(back["pair"])
    parts = pd.concat([timed[~is_touched], _less_returned(grid, timed[is_touched], back)])
    row, enter, leave, minor = (parts[name].to_numpy() for name in ("row", "enter", "leave", "minor"))
    weight = grid.level(row, enter, minor, leave)
    delay = grid.level(row, enter, minor * parts["late"].to_numpy(), leave)
    return np.divide(delay, weight, out=np.full(grid.shape, np.nan), where=weight > 0)


def _less_returned(grid: Grid, facts: DataFrame, back: DataFrame) -> DataFrame:
    """Receipts of which something was taken back, day by day: what was left of each on the day."""
    pairs = Grid(pd.Index(facts["pair"].unique()), grid.days)
    pair, enter = pairs.customers.get_indexer(facts["pair"]), facts["enter"].to_numpy()
    gone = back[back["pair"].isin(pairs.customers)]
    taken = pairs.level(
        pairs.customers.get_indexer(gone["pair"]), grid.enter(gone["known_date"]), gone["base_minor"].to_numpy("int64")
    )
    come = pairs.level(pair, enter, facts["minor"].to_numpy())
    until = facts.groupby("pair")["minor"].cumsum().to_numpy()
    act, day = grid.spans(enter, facts["leave"].to_numpy())
    cells, minor = facts.iloc[act], facts["minor"].to_numpy()[act]
    later = come[pair[act], day] - until[act]
    lost = np.clip(taken[pair[act], day] - later, 0, minor)
    return cells.assign(enter=day, leave=day + 1, minor=minor - lost)


def first_order_amounts(grid: Grid, invoices: DataFrame, customers: DataFrame, *, first_day: Timestamp) -> Floats:
    """Return the median first invoice of the customers of each one's sector so far, run currency, customers by days.

    First is the invoice known first. Customers count whose beginning the ledger saw: the relation began on or after
    its first day or, where no beginning is delivered, a year after it. Related companies do not count; a sector with
    fewer than `FEWEST_FIRST_ORDERS` has no amount.

    Parameters
    ----------
    grid : customers and days of review
    invoices, customers : canonical tables
    first_day : first day the ledger covers
    """
    ordered = invoices[invoices["invoice_kind_code"] == "invoice"]
    ordered = ordered.assign(known=known_date(ordered, "invoice_date"))
    ordered = ordered.sort_values(["customer_id", "known", "invoice_date", "invoice_id"], ignore_index=True)
    facts = customers.set_index("customer_id").reindex(grid.customers)
    first = ordered.drop_duplicates("customer_id")
    first = first[_began_here(first, facts, first_day)]
    code, names = pd.factorize(facts["sector_code"].fillna(""), sort=True)
    sectors = Grid(pd.Index(names), grid.days)
    row = code[grid.row(first, "invoices")]
    act, day = grid.spans(grid.enter(first["known"]), np.full(len(first), grid.shape[1]))
    amount = first["base_minor"].to_numpy(float) / 100
    medians = _medians(row[act] * grid.shape[1] + day, amount[act], sectors.shape)
    counts = sectors.count(row, grid.enter(first["known"]))
    return np.where(counts >= FEWEST_FIRST_ORDERS, medians, np.nan)[code]


def _began_here(first: DataFrame, facts: DataFrame, first_day: Timestamp) -> Bools:
    """Whether the first invoice known of a customer is the first of the relation."""
    customers = facts.reindex(first["customer_id"])
    begun = customers["relationship_start_date"]
    is_late = (first["invoice_date"] > first_day + pd.DateOffset(months=YEAR_MONTHS)).to_numpy()
    is_new: Bools = np.where(begun.isna(), is_late, begun >= first_day)
    return is_new & (customers["customer_type_code"] != "related").to_numpy()
