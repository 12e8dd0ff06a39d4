"""Review days whose twelve months are over, with what came of them."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame, Series, Timestamp

from riskresearch.base.concentration import UNKNOWN
from riskresearch.base.errors import TableError, first_keys
from riskresearch.base.ordering import in_order
from riskresearch.limits.calibration.tables import ROW_REASONS

KEYS = ["customer_id", "review_date"]
NEEDED = (
    *KEYS,
    "customer_type_code",
    "grade_code",
    "size_code",
    "sector_code",
    "pd_12m",
    "lgd_ratio",
    "is_in_default",
    "is_in_proceedings",
    "sales_amount_12m",
    "seller_sales_amount_12m",
    "need_amount",
)
HORIZON_MONTHS = 12
USED = ("used", "used_without_grade")


def reviewed(inputs: DataFrame, segments: DataFrame, *, as_of: Timestamp, rated_only: bool = True) -> DataFrame:
    """Return review days with segment and the reason why each counts or does not.

    Parameters
    ----------
    inputs : table `limit_inputs` with a column ``need_amount``, the need before any factor
    segments : table `limit_segments`: ``customer_id review_date segment_code``
    as_of : last day that counts
    rated_only : leave out review days without a grade, unless all are: without a PD, a segment holds other customers

    Returns
    -------
    DataFrame sorted by customer and review day: the columns of `NEEDED`, ``segment_code reason_code``. A size or
    sector that is not delivered is *unknown*.

    Raises
    ------
    TableError
        A column is missing, or a customer has two rows on one day.
    """
    _refuse_wrong(inputs, NEEDED, "limit_inputs")
    _refuse_wrong(segments, (*KEYS, "segment_code"), "limit_segments")
    rows = in_order(inputs[list(NEEDED)], KEYS).merge(segments[[*KEYS, "segment_code"]], on=KEYS, how="left")
    rows["size_code"] = rows["size_code"].astype("str").fillna(UNKNOWN)
    rows["sector_code"] = rows["sector_code"].astype("str").fillna(UNKNOWN)
    reasons = _reasons(rows, as_of)
    if rated_only and (reasons == "used").any():
        reasons = np.where(reasons == "used_without_grade", "not_rated", reasons)
    return rows.assign(reason_code=reasons)


def row_counts(rows: DataFrame) -> DataFrame:
    """Return table `limit_factor_rows`: rows, customers and window of review days by reason, in the order asked."""
    grouped = rows.groupby("reason_code").agg(
        n_rows=("customer_id", "size"),
        n_customers=("customer_id", "nunique"),
        n_review_dates=("review_date", "nunique"),
        first_review_date=("review_date", "min"),
        last_review_date=("review_date", "max"),
    )
    return grouped.reindex([code for code in ROW_REASONS if code in grouped.index]).reset_index()


def matured(rows: DataFrame, tables: Mapping[str, DataFrame], *, as_of: Timestamp) -> DataFrame:
    """Return the review days that count, with weight, default and exposure at default over need.

    Each customer-month weighs one twelfth of a customer-year, however often it was reviewed.

    Parameters
    ----------
    rows : result of `reviewed`
    tables : ``defaults`` (``customer_id default_date``) and ``movements``
    as_of : last day that counts; later defaults and acts are not looked at

    Returns
    -------
    DataFrame ``customer_id review_date segment_code grade_code size_code sector_code pd_12m lgd_ratio need_amount``
    ``weight`` (customer-years), ``is_hit`` (default within 12 months), ``use_ratio`` (exposure at default over need,
    empty without default), ``end_date`` (last day of the 12 months, or the day before the default).
    """
    used = rows[rows["reason_code"].isin(USED)].reset_index(drop=True)
    month = used["review_date"].dt.to_period("M")
    per_month = used.groupby([used["customer_id"], month])["review_date"].transform("size")
    default = _next_default(used, tables["defaults"], as_of)
    end = used["review_date"] + pd.DateOffset(months=HORIZON_MONTHS)
    is_hit = default <= end
    exposure = exposure_at(used["customer_id"], default.where(is_hit), tables["movements"], as_of=as_of)
    return used.assign(
        weight=1 / HORIZON_MONTHS / per_month,
        is_hit=is_hit,
        use_ratio=exposure / used["need_amount"],
        end_date=end.mask(is_hit, default - pd.Timedelta(days=1)),
    )


def known_movements(movements: DataFrame, as_of: Timestamp) -> DataFrame:
    """Return what is known of the open amount and of sales, by customer and day with an act.

    Returns
    -------
    DataFrame ``customer_id day exposure_amount highest_amount sold_amount``, sorted, run currency; exposure at the
    end of the day, the higher of that and of the end of the day before, invoices less credit notes of the day.
    Opening items are exposure and no sales.
    """
    known = movements[(movements["known_date"] <= as_of) & (movements["effective_date"] <= as_of)]
    amount = known["base_minor"].astype(float) / 100
    is_sale = known["movement_code"].isin(["invoice", "credit_note"]) & (known["invoice_kind_code"] != "opening_item")
    acts = DataFrame(
        {
            "customer_id": known["customer_id"],
            "day": known["effective_date"].astype("datetime64[us]"),
            "change": amount,
            "sold_amount": amount.where(is_sale, 0.0),
        }
    )
    daily = acts.groupby(["customer_id", "day"], sort=True).sum().round(2).reset_index()
    exposure = daily.groupby("customer_id")["change"].cumsum().round(2)
    highest = np.maximum(exposure, (exposure - daily["change"]).round(2))
    return daily.assign(exposure_amount=exposure, highest_amount=highest).drop(columns="change")


def exposure_at(customer: Series, day: Series, movements: DataFrame, *, as_of: Timestamp) -> NDArray[np.float64]:
    """Return the open amount on given days: the higher of the day itself and the day before.

    So what is written off on the day of default still counts. NaN where no day is given.
    """
    path = known_movements(movements, as_of).sort_values("day", kind="stable")
    asked = DataFrame({"customer_id": customer, "day": day, "place": np.arange(len(day))}).dropna(subset=["day"])
    amounts = np.full(len(day), np.nan)
    found = []
    for lag in (0, 1):
        shifted = asked.assign(day=(asked["day"] - pd.Timedelta(days=lag)).astype("datetime64[us]")).sort_values("day")
        pairs = pd.merge_asof(shifted, path, on="day", by="customer_id")
        found.append(pairs.set_index("place")["exposure_amount"].reindex(asked["place"]).fillna(0.0).to_numpy(float))
    amounts[asked["place"].to_numpy()] = np.maximum(np.maximum(*found), 0.0)
    return amounts


def _next_default(used: DataFrame, defaults: DataFrame, as_of: Timestamp) -> Series:
    """First default after each review day, none later than `as_of`."""
    known = defaults.loc[defaults["default_date"] <= as_of, ["customer_id", "default_date"]]
    known = known.assign(day=known["default_date"].astype("datetime64[us]")).sort_values("day")
    asked = DataFrame({"customer_id": used["customer_id"], "day": used["review_date"].astype("datetime64[us]")})
    asked = asked.assign(place=np.arange(len(asked))).sort_values("day", kind="stable")
    pairs = pd.merge_asof(asked, known, on="day", by="customer_id", direction="forward", allow_exact_matches=False)
    return pairs.set_index("place")["default_date"].reindex(np.arange(len(used))).set_axis(used.index)


def _reasons(rows: DataFrame, as_of: Timestamp) -> NDArray[np.str_]:
    bad = (
        rows["is_in_default"].astype(bool)
        | rows["is_in_proceedings"].astype(bool)
        | (rows["segment_code"] == "defaulted")
    )
    conditions = {
        "after_as_of": rows["review_date"] > as_of,
        "related": rows["customer_type_code"] == "related",
        "no_segment": rows["segment_code"].isna(),
        "in_default": bad,
        "not_matured": rows["review_date"] + pd.DateOffset(months=HORIZON_MONTHS) > as_of,
        "no_need": ~(rows["need_amount"] > 0),
        "used_without_grade": rows["grade_code"].isna(),
    }
    return np.select([mask.to_numpy(bool) for mask in conditions.values()], list(conditions), default="used")


def _refuse_wrong(frame: DataFrame, needed: tuple[str, ...], name: str) -> None:
    missing = [column for column in needed if column not in frame]
    if missing:
        raise TableError(
            f"{name}: columns {missing} are missing; the calibration of limit factors needs {list(needed)}; "
            "need_amount is the need before any factor"
        )
    doubled = frame.duplicated(KEYS)
    if doubled.any():
        keys = frame.loc[doubled, KEYS].astype(str).agg("/".join, axis=1)
        raise TableError(
            f"{name}: {int(doubled.sum())} rows repeat customer and review day ({first_keys(keys)}); "
            "keep one row per day"
        )
