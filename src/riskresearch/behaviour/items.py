"""What became of each item: when and how it ended, and what is still open on a day."""

import numpy as np
import pandas as pd
from pandas import DataFrame, Series, Timestamp

from riskresearch.ledger.balances import ITEM_COLUMNS

ENDS = ("paid", "credited", "lost")
_END_OF = {"credit_note": "credited", "write_off": "lost", "doubtful": "lost"}


def item_history(
    moves: DataFrame, *, as_of: Timestamp, tolerance_ratio: float = 0.0, tolerance_minor: int = 0
) -> DataFrame:
    """Return every item known on a day with what became of it until then.

    An item ends on the day an act brings its open amount within the tolerance; a payment returned
    later opens it again. Its end is the kind of act that settled most of it: paid (receipts,
    discounts, bills, factor, rounding), credited (credit notes) or lost (write-offs, transfers to
    doubtful debts). An item that is not ended is censored on `as_of`.

    Parameters
    ----------
    moves : table `movements`
    as_of : last day that counts
    tolerance_ratio : open share of the item that still counts as settled
    tolerance_minor : open amount that still counts as settled, minor units; the larger of both holds

    Returns
    -------
    DataFrame, one row per item, sorted by customer and item: ``customer_id invoice_id item_id invoice_date
    due_date currency_code known_date invoice_kind_code base_minor paid_minor credited_minor lost_minor open_minor
    end_date end_known_date end_code days_to_end days_late_end``; the last five are empty while the item is open,
    ``days_late_end`` also where no due date is known.
    """
    known = moves[moves["known_date"] <= as_of]
    raised = known[known["movement_code"] == "invoice"]
    columns = [*ITEM_COLUMNS, "known_date", "invoice_kind_code", "base_minor"]
    items = raised[columns].sort_values(["customer_id", "item_id"], ignore_index=True)
    acts = _acts(known[known["movement_code"] != "invoice"], items)
    sums = _sums(acts, len(items))
    allowed = np.maximum(items["base_minor"] * tolerance_ratio, tolerance_minor)
    open_minor = items["base_minor"] - sums.sum(axis=1)
    ended = open_minor <= allowed
    found = items.assign(
        **{f"{code}_minor": sums[code] for code in ENDS},
        open_minor=open_minor.clip(lower=0),
        end_code=sums.idxmax(axis=1).where(ended).astype("str").where(ended, None),
    )
    return _with_end(found, acts, allowed, ended)


def _acts(settled: DataFrame, items: DataFrame) -> DataFrame:
    """Acts in the order they became known, with the row of their item and the end they stand for."""
    acts = settled[["item_id", "effective_date", "known_date", "movement_id", "movement_code", "base_minor"]]
    acts = acts.assign(
        row=pd.Index(items["item_id"]).get_indexer(acts["item_id"]),
        end_code=acts["movement_code"].map(_END_OF).fillna("paid"),
        settled_minor=-acts["base_minor"],
    )
    return acts.sort_values(["row", "known_date", "movement_id"], ignore_index=True)


def _sums(acts: DataFrame, n_items: int) -> DataFrame:
    """Settled amount of each item by end."""
    sums = {
        code: np.bincount(
            acts.loc[acts["end_code"] == code, "row"],
            weights=acts.loc[acts["end_code"] == code, "settled_minor"].astype(float),
            minlength=n_items,
        ).astype("int64")
        for code in ENDS
    }
    return DataFrame(sums)


def _with_end(items: DataFrame, acts: DataFrame, allowed: Series, ended: Series) -> DataFrame:
    """The last act that brought the open amount within the tolerance, after which it stayed there."""
    left = items["base_minor"].to_numpy()[acts["row"]] - acts.groupby("row")["settled_minor"].cumsum()
    is_within = left <= allowed.to_numpy()[acts["row"]]
    outside_before = ~is_within.groupby(acts["row"]).shift(fill_value=False)
    ends = acts[is_within & outside_before].groupby("row")[["effective_date", "known_date"]].last()
    ends = ends.reindex(items.index)
    end_date = ends["effective_date"].where(ended)
    return items.assign(
        end_date=end_date,
        end_known_date=ends["known_date"].where(ended),
        days_to_end=(end_date - items["invoice_date"]).dt.days.astype("float64"),
        days_late_end=(end_date - items["due_date"]).dt.days.astype("float64"),
    )
