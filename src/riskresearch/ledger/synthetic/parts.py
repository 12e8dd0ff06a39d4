"""Larger invoices payable in three monthly parts, and how the parts are paid.

Written over the finished books with chance of its own, so that everything else stays as it was. An invoice
that is paid at once is paid part by part instead, each part as late as the whole was. Only invoices are
chosen whose first part alone is material, and none whose parts would meet trouble or lengthen arrears past
the limit of default: the days on which a customer is in material arrears, hence the truth, stay the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.random import Generator
from pandas import DataFrame, Series

from riskresearch.ledger.synthetic.arrears import arrears_of
from riskresearch.ledger.synthetic.books import Books, number_ids
from riskresearch.ledger.synthetic.spells import Troubles
from riskresearch.ledger.synthetic.timeline import NEVER, Bools, Ints, to_dates, to_workday

N_PARTS = 3
PARTS_SHARE, PARTS_FROM_MINOR = 0.10, 300_000
LATEST_DAYS, LONGEST_MERGED_DAYS = 20, 60

Tables = dict[str, DataFrame]


@dataclass(frozen=True)
class Chosen:
    """Invoices payable in parts.

    Parameters
    ----------
    invoices : rows of table `invoices` with ``number`` (of the customer) and ``due_day``
    due_days : invoice x part
    paid_days : invoice x part; `NEVER` where the invoice is not paid part by part
    """

    invoices: DataFrame
    due_days: Ints
    paid_days: Ints


def with_instalments(
    tables: Mapping[str, DataFrame], books: Books, items: DataFrame, troubles: Troubles, *, rng: Generator
) -> Tables:
    """Return the tables with `instalments`, and with `payments` and `allocations` that follow them.

    Parameters
    ----------
    tables : finished canonical tables
    items : items as they are settled, of the hidden world
    troubles : spells of trouble, whose stops no part may meet
    """
    chosen = _chosen(tables, books, items, troubles, rng)
    made = dict(tables) | {"instalments": _instalments(chosen)}
    in_parts = chosen.paid_days[:, 0] < NEVER
    if not in_parts.any():
        return made
    return made | _paid_in_parts(tables, chosen, in_parts, books.calendar.last_day)


def _chosen(
    tables: Mapping[str, DataFrame], books: Books, items: DataFrame, troubles: Troubles, rng: Generator
) -> Chosen:
    invoices, settled = tables["invoices"], tables["allocations"].groupby("invoice_id")
    n_settled = invoices["invoice_id"].map(settled.size()).fillna(0)
    drawn = rng.random(len(invoices)) < PARTS_SHARE
    large = (invoices["base_minor"] >= PARTS_FROM_MINOR) & (invoices["invoice_kind_code"] == "invoice")
    rows = invoices[drawn & large & (n_settled <= 1)].reset_index(drop=True)
    due = _days(rows["due_date"])
    due_days = np.column_stack([_days(rows["due_date"] + pd.DateOffset(months=k)) for k in range(N_PARTS)])
    rows = rows.assign(number=books.customer_ids.get_indexer(pd.Index(rows["customer_id"])), due_day=due)
    whole = _paid_at_once(rows, tables)
    lateness = np.where(whole < NEVER, whole - due, 0)
    paid_days = to_workday(due_days + lateness[:, None])
    paid_days[:, 0] = whole
    allowed = (whole < NEVER) & (lateness <= LATEST_DAYS) & ~_meets_stop(rows, paid_days[:, -1], troubles)
    allowed &= _keeps_arrears(rows, due_days, paid_days, items)
    never_paid = rows["invoice_id"].map(settled.size()).isna().to_numpy()
    kept = allowed | never_paid
    paid_days = np.where(allowed[:, None], paid_days, NEVER)
    return Chosen(rows[kept].reset_index(drop=True), due_days[kept], paid_days[kept])


def _days(dates: Series) -> Ints:
    return dates.to_numpy().astype("datetime64[D]").astype(np.int64)


def _paid_at_once(rows: DataFrame, tables: Mapping[str, DataFrame]) -> Ints:
    """Day on which one receipt of exactly its allocations pays the whole invoice, else `NEVER`."""
    used, payments = tables["allocations"], tables["payments"].set_index("payment_id")
    exact = used.groupby("source_id")["amount_minor"].sum().reindex(payments.index) == payments["amount_minor"]
    exact &= ~payments.index.isin(payments["reversal_of_id"].dropna())
    one = used[(used["source_code"] == "payment") & (used["effective_date"] == used["recorded_date"])]
    one = one[one["source_id"].map(exact).fillna(False).astype(bool)]
    one = one.drop_duplicates("invoice_id", keep=False).set_index("invoice_id")
    found = one.reindex(rows["invoice_id"])
    whole = (found["amount_minor"].to_numpy(dtype=float) == rows["gross_minor"].to_numpy()) & found.notna().all(axis=1)
    days = found["effective_date"].to_numpy().astype("datetime64[D]").astype(np.int64)
    return np.where(whole.to_numpy(), days, NEVER)


def _meets_stop(rows: DataFrame, last_paid: Ints, troubles: Troubles) -> Bools:
    """Whether payments stop between the issue of an invoice and the payment of its last part."""
    spans = DataFrame({"customer": rows["number"], "issue": _days(rows["invoice_date"]), "last": last_paid})
    pairs = spans.reset_index().merge(troubles.spells[["customer", "stop_day"]], on="customer")
    met = pairs.loc[(pairs["stop_day"] > pairs["issue"]) & (pairs["stop_day"] <= pairs["last"]), "index"]
    return np.isin(np.arange(len(rows)), met)


def _keeps_arrears(rows: DataFrame, due_days: Ints, paid_days: Ints, items: DataFrame) -> Bools:
    """Whether late parts leave every stretch of arrears short; one invoice of a customer at a time."""
    arrears, customer = arrears_of(items), rows["number"].to_numpy()
    short = np.ones(len(rows), dtype=bool)
    for part in range(1, N_PARTS):
        late = paid_days[:, part] > due_days[:, part] + 1
        merged = arrears.merged_days(customer, due_days[:, part] + 1, paid_days[:, part])
        short &= ~late | (merged <= LONGEST_MERGED_DAYS)
    begin, end = _days(rows["invoice_date"]), due_days[:, -1] + LATEST_DAYS + 2
    order = np.lexsort([begin, customer])
    busy_until: dict[int, int] = {}
    for at in order[short[order]]:
        free = begin[at] > busy_until.get(int(customer[at]), -NEVER)
        short[at] = free
        if free:
            busy_until[int(customer[at])] = int(end[at])
    return short


def _shares(gross: Ints) -> Ints:
    """Cents of each part: equal, the first takes what does not divide."""
    part = gross // N_PARTS
    return np.column_stack([gross - (N_PARTS - 1) * part, *[part] * (N_PARTS - 1)])


def _instalments(chosen: Chosen) -> DataFrame:
    shares = _shares(chosen.invoices["gross_minor"].to_numpy(dtype=np.int64))
    n = len(chosen.invoices)
    return DataFrame(
        {
            "invoice_id": np.repeat(chosen.invoices["invoice_id"].to_numpy(), N_PARTS),
            "sequence_number": np.tile(np.arange(1, N_PARTS + 1), n),
            "due_date": to_dates(chosen.due_days.ravel()),
            "gross_minor": shares.ravel(),
        }
    )


def _paid_in_parts(tables: Mapping[str, DataFrame], chosen: Chosen, in_parts: Bools, last_day: int) -> Tables:
    """Payments and allocations where the first part is paid as the whole was, the later ones on days of their own."""
    rows = chosen.invoices[in_parts].reset_index(drop=True)
    shares, base = (_shares(rows[name].to_numpy(dtype=np.int64)) for name in ("gross_minor", "base_minor"))
    payments = tables["payments"].set_index("payment_id")
    used = rows[["invoice_id"]].merge(tables["allocations"], on="invoice_id", how="left")
    source, allocation = used["source_id"].to_numpy(), used["allocation_id"].to_numpy()
    rate = payments.loc[source, "base_minor"].to_numpy() / payments.loc[source, "amount_minor"].to_numpy()
    later = [
        DataFrame(
            {
                "invoice_id": rows["invoice_id"],
                "customer_id": rows["customer_id"],
                "currency_code": rows["currency_code"],
                "method_code": payments.loc[source, "method_code"].to_numpy(),
                "day": chosen.paid_days[in_parts, part],
                "amount_minor": shares[:, part],
                "base_minor": base[:, part],
                "paid_base_minor": np.round(shares[:, part] * rate).astype(np.int64),
            }
        )
        for part in range(1, N_PARTS)
    ]
    taken = DataFrame({"payment_id": source, "allocation_id": allocation, "rest": shares[:, 1:].sum(axis=1)})
    taken = taken.assign(base_rest=base[:, 1:].sum(axis=1), paid_rest=sum(part["paid_base_minor"] for part in later))
    receipts = pd.concat(later, ignore_index=True)
    receipts = receipts[receipts["day"] <= last_day].sort_values(["day", "invoice_id"], ignore_index=True)
    return {
        "payments": _with_later_receipts(tables["payments"], taken, receipts),
        "allocations": _with_later_allocations(tables["allocations"], taken, receipts),
    }


def _with_later_receipts(payments: DataFrame, taken: DataFrame, receipts: DataFrame) -> DataFrame:
    less = taken.groupby("payment_id")[["rest", "paid_rest"]].sum().reindex(payments["payment_id"]).fillna(0)
    kept = payments.assign(
        amount_minor=payments["amount_minor"].to_numpy() - less["rest"].to_numpy(dtype=np.int64),
        base_minor=payments["base_minor"].to_numpy() - less["paid_rest"].to_numpy(dtype=np.int64),
    )
    day = to_dates(receipts["day"].to_numpy())
    more = DataFrame(
        {
            "payment_id": _later_ids("P", len(receipts)),
            "customer_id": receipts["customer_id"],
            "value_date": day,
            "recorded_date": day,
            "currency_code": receipts["currency_code"],
            "amount_minor": receipts["amount_minor"],
            "base_minor": receipts["paid_base_minor"],
            "method_code": receipts["method_code"],
        }
    )
    return pd.concat([kept, more], ignore_index=True)


def _with_later_allocations(allocations: DataFrame, taken: DataFrame, receipts: DataFrame) -> DataFrame:
    less = taken.set_index("allocation_id")[["rest", "base_rest"]].reindex(allocations["allocation_id"]).fillna(0)
    kept = allocations.assign(
        amount_minor=allocations["amount_minor"].to_numpy() - less["rest"].to_numpy(dtype=np.int64),
        base_minor=allocations["base_minor"].to_numpy() - less["base_rest"].to_numpy(dtype=np.int64),
    )
    day = to_dates(receipts["day"].to_numpy())
    more = DataFrame(
        {
            "allocation_id": _later_ids("A", len(receipts)),
            "invoice_id": receipts["invoice_id"],
            "customer_id": receipts["customer_id"],
            "source_code": "payment",
            "source_id": _later_ids("P", len(receipts)),
            "effective_date": day,
            "recorded_date": day,
            "amount_minor": receipts["amount_minor"],
            "base_minor": receipts["base_minor"],
            "matching_code": "source",
            "confidence_ratio": 1.0,
        }
    )
    return pd.concat([kept, more], ignore_index=True)


def _later_ids(letter: str, n: int) -> pd.Index:
    """Ids that no other row has: the letter of the table and one more for parts."""
    return number_ids(f"{letter}I", n)
