"""What a customer could do before the date: the features of that date, made anew from an altered ledger.

In each variant the customer pays something overdue the day before the date. The receipt is added to the ledger as
delivered, booked the day it comes, and everything is made from that ledger by the functions that make the panel:
movements, default spells, streams, features. Each row tells of its own customer alone: the others have done nothing.
"""

from collections.abc import Mapping

import pandas as pd
from pandas import DataFrame, Timestamp

from riskresearch.base.schema import conform, empty
from riskresearch.features.altered import altered_features, tables_of
from riskresearch.features.engines import Engine
from riskresearch.features.families import FEATURES
from riskresearch.features.tables import WHAT_IF_SNAPSHOTS, WHAT_IF_VARIANTS
from riskresearch.ledger.balances import item_stream, open_items
from riskresearch.ledger.default import DefaultSettings
from riskresearch.ledger.movements import ordered
from riskresearch.ledger.tables import ALLOCATIONS, PAYMENTS

OLDEST, LARGEST, ALL = WHAT_IF_VARIANTS
KEYS = {"payments": "payment_id", "allocations": "allocation_id"}
ITEM_COLUMNS = ["customer_id", "invoice_id", "item_id", "due_date", "currency_code", "open_minor", "document_minor"]
Tables = Mapping[str, DataFrame]


def what_if_snapshots(
    rows: DataFrame, tables: Tables, default: DefaultSettings, *, as_of: Timestamp, engine: Engine
) -> DataFrame:
    """Return table `what_if_snapshots`: features on `as_of` had the customer paid something overdue the day before.

    Variants, for customers to score with something overdue:

    - ``pay_oldest_overdue``: the item with the earliest due date, in full
    - ``pay_largest_overdue``: the item with the largest open amount, in full; of an invoice payable in parts only the
      first open part, for a receipt settles the part due first
    - ``pay_all_overdue``: all overdue items, in full

    Overdue is what is open on `as_of` with a due date before it and was known and open the day before, disputed or
    not. The receipt comes in the currency of the invoice, at the rate of its issue date.

    Parameters
    ----------
    rows : table `snapshots`
    tables : canonical tables as known on `as_of`, with ``movements defaults``
    default : definition of default
    as_of : last day that counts
    engine : an open engine

    Returns
    -------
    DataFrame ``customer_id observation_date variant_code item_id n_items paid_amount paid_date`` and the features, one
    row per customer and variant; ``item_id`` is empty where several items are paid. Without rows where nothing is
    overdue or no due date is known.
    """
    scored = rows[(rows["observation_date"] == as_of) & (rows["sample_code"] == "scoring")]
    items = payable_items(tables["movements"], as_of=as_of)
    items = items[items["customer_id"].isin(scored["customer_id"])]
    if items.empty:
        return empty(WHAT_IF_SNAPSHOTS)
    found = variants(items)
    altered = _altered(found[found["made_as"] == found["variant_code"]], items, tables, as_of)
    made = altered_features(altered, scored, tables, default, as_of=as_of, engine=engine)
    told = found.drop(columns=["made_as", "paid_minor"]).assign(
        observation_date=as_of, paid_date=_paid_date(as_of), paid_amount=found["paid_minor"] / 100
    )
    same = found[["customer_id", "made_as"]].rename(columns={"made_as": "variant_code"})
    values = same.merge(made, on=["customer_id", "variant_code"], how="left", validate="m:1")
    return conform(pd.concat([told, values[FEATURES.names]], axis=1), WHAT_IF_SNAPSHOTS)


def payable_items(moves: DataFrame, *, as_of: Timestamp) -> DataFrame:
    """Return the items that are overdue on a day and could have been paid the day before.

    Parameters
    ----------
    moves : table `movements`
    as_of : last day that counts

    Returns
    -------
    DataFrame ``customer_id invoice_id item_id due_date currency_code open_minor document_minor is_first_part``, the
    oldest of each customer first; ``is_first_part`` tells that nothing of the same invoice is due before it.
    """
    if moves.empty:
        return DataFrame(columns=[*ITEM_COLUMNS, "is_first_part"])
    stream = item_stream(ordered(moves))
    before = open_items(stream, as_of=_paid_date(as_of))["item_id"]
    rows = open_items(stream, as_of=as_of)
    is_overdue = (rows["days_past_due"] > 0).fillna(False).astype(bool)
    rows = rows[is_overdue & rows["item_id"].isin(before) & (rows["document_minor"] > 0)]
    rows = rows.assign(part=rows["item_id"].str.len()).sort_values(
        ["customer_id", "due_date", "part", "item_id"], ignore_index=True
    )
    return rows[ITEM_COLUMNS].assign(is_first_part=~rows["invoice_id"].duplicated())


def variants(items: DataFrame) -> DataFrame:
    """Return what each customer pays in each variant.

    Parameters
    ----------
    items : from `payable_items`

    Returns
    -------
    DataFrame ``customer_id variant_code item_id n_items paid_minor made_as``, one row per customer and variant;
    ``made_as`` is the first variant of the customer in which the same is paid.

    Examples
    --------
    >>> items = DataFrame({"customer_id": "C", "item_id": ["a", "b"], "open_minor": [5, 7], "is_first_part": True})
    >>> variants(items)[["variant_code", "item_id", "paid_minor"]].to_dict("split")["data"]
    [['pay_oldest_overdue', 'a', 5], ['pay_largest_overdue', 'b', 7], ['pay_all_overdue', nan, 12]]
    """
    single = items[items["is_first_part"]]
    by_size = single.sort_values("open_minor", ascending=False, kind="stable")
    chosen = {
        OLDEST: single.drop_duplicates("customer_id"),
        LARGEST: by_size.drop_duplicates("customer_id"),
        ALL: items,
    }
    parts = [_paid_in(code, rows) for code, rows in chosen.items()]
    found = pd.concat(parts, ignore_index=True)
    first = found.groupby(["customer_id", "item_id"], dropna=False)["variant_code"].transform("first")
    return found.assign(made_as=first)


def with_receipts(tables: Tables, items: DataFrame, *, paid_date: Timestamp) -> dict[str, DataFrame]:
    """Return canonical tables with one more receipt per item that settles it, booked the day it comes.

    Parameters
    ----------
    tables : canonical tables with ``payments allocations``
    items : from `payable_items`
    paid_date : value date of the receipts
    """
    prefix = "what if "
    while any(tables[n][c].str.startswith(prefix).any() for n, c in KEYS.items()):
        prefix += "-"
    keys = prefix + items["item_id"]
    shared = {
        "customer_id": items["customer_id"],
        "recorded_date": paid_date,
        "amount_minor": items["document_minor"],
        "base_minor": items["open_minor"],
    }
    receipts = {"payment_id": keys, "value_date": paid_date, "currency_code": items["currency_code"]}
    settled = {
        "allocation_id": keys,
        "invoice_id": items["invoice_id"],
        "source_code": "payment",
        "source_id": keys,
        "effective_date": paid_date,
        "matching_code": "source",
        "confidence_ratio": 1.0,
    }
    more = {
        "payments": conform(DataFrame(shared | receipts), PAYMENTS),
        "allocations": conform(DataFrame(shared | settled), ALLOCATIONS),
    }
    return {**tables, **{name: pd.concat([tables[name], rows], ignore_index=True) for name, rows in more.items()}}


def _paid_date(as_of: Timestamp) -> Timestamp:
    return as_of - pd.Timedelta(days=1)


def _paid_in(code: str, rows: DataFrame) -> DataFrame:
    grouped = rows.groupby("customer_id", sort=True)
    paid = grouped.agg(item_id=("item_id", "first"), n_items=("item_id", "size"), paid_minor=("open_minor", "sum"))
    return paid.assign(item_id=paid["item_id"].where(paid["n_items"] == 1), variant_code=code).reset_index()


def _altered(found: DataFrame, items: DataFrame, tables: Tables, as_of: Timestamp) -> dict[str, dict[str, DataFrame]]:
    """Tables of the customers who pay in each variant, with their receipts."""
    made = {}
    for code in WHAT_IF_VARIANTS:
        chosen = found[found["variant_code"] == code].set_index("customer_id")["item_id"]
        rows = items[items["customer_id"].isin(chosen.index)]
        item = rows["customer_id"].map(chosen)
        rows = rows[item.isna() | (item == rows["item_id"])]
        own = tables_of(tables, rows["customer_id"].unique())
        made[code] = with_receipts(own, rows, paid_date=_paid_date(as_of))
    return made
