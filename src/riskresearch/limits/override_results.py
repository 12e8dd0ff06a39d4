"""What became of decisions against the proposal: defaults against the same grade, profit and loss of raises."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from pandas import DataFrame, Series, Timestamp

from riskresearch.limits.inputs.grid import months_before
from riskresearch.limits.policy.policy import CreditPolicy
from riskresearch.limits.reviews.daily import DailyUse, daily_use
from riskresearch.limits.reviews.facts import months_after

HORIZON_MONTHS = 12
UNGRADED = "unknown"
REVIEWED = ("customer_id", "review_date", "country_code", "terms_days", "days_beyond_terms_12m", "lgd_ratio")
COUNTS = ("n_overridden", "n_overridden_defaults", "n_kept", "n_kept_defaults", "n_kept_customers")


def same_grade_defaults(log: DataFrame, defaults: DataFrame, inputs: DataFrame, *, as_of: Timestamp) -> DataFrame:
    """Return defaults within 12 months of overrides and of reviews without one, by grade.

    An override counts with the grade of the customer's last day of review up to the decision, once 12 months have
    passed; without one its grade is `unknown`, as that of reviews without a PD. Compared are the reviews, of customers
    without an override in force, on the same days of review. Customers in default on the day are left out on both
    sides.

    Parameters
    ----------
    log : table `limit_overrides`
    defaults : table `defaults`
    inputs : table `limit_inputs`
    as_of : last day that counts

    Returns
    -------
    DataFrame ``grade_code n_overridden n_overridden_defaults n_kept n_kept_defaults n_kept_customers``; the last are
    different customers: reviews of one customer are not independent.
    """
    rows = inputs[["customer_id", "review_date", "grade_code", "is_in_default"]]
    rows = rows.assign(grade_code=rows["grade_code"].fillna(UNGRADED))
    matured = log[log["decided_date"] <= months_before(as_of, HORIZON_MONTHS)]
    cases = _at_last_review(matured, rows).fillna({"grade_code": UNGRADED, "is_in_default": False})
    cases = cases[~cases["is_in_default"].astype(bool)]
    cases = cases.assign(is_default=_defaults_after(cases, defaults, "decided_date"))
    kept = rows[rows["review_date"].isin(cases["review_date"]) & ~rows["is_in_default"].astype(bool)]
    keys = ["customer_id", "review_date"]
    is_case = kept.merge(cases[keys].drop_duplicates(), how="left", on=keys, indicator=True)["_merge"] == "both"
    kept = kept[~is_case.to_numpy() & ~_has_override(kept, log).to_numpy()]
    kept = kept.assign(is_default=_defaults_after(kept, defaults, "review_date"))
    own, other = cases.groupby("grade_code"), kept.groupby("grade_code")
    counts = {
        "n_overridden": own.size(),
        "n_overridden_defaults": own["is_default"].sum(),
        "n_kept": other.size(),
        "n_kept_defaults": other["is_default"].sum(),
        "n_kept_customers": other["customer_id"].nunique(),
    }
    frame = DataFrame(counts, columns=list(COUNTS)).fillna(0).astype("int64")
    return frame[frame["n_overridden"] > 0].rename_axis("grade_code").reset_index()


def raised_results(
    raised: DataFrame, tables: Mapping[str, DataFrame], inputs: DataFrame, policy: CreditPolicy, *, as_of: Timestamp
) -> DataFrame:
    """Return what each raise above the proposal earned and lost while it held.

    The extra room used on a day is the part of the open amount between the limit proposed and the one decided. With a
    collection period of terms plus days beyond terms it carries ``room / period`` of sales a day, which earn the
    margin less the cost of credit management; the money bound costs its yearly rate. A default while it holds loses
    the extra room of the day before times the loss given default, and nothing more is earned. The margin is of the
    price before tax, which customers of the home country pay.

    Parameters
    ----------
    raised : rows of table `limit_overrides` decided above the proposal
    tables : tables of `riskresearch.limits.reviews.daily.daily_use`, and ``defaults``
    inputs : table `limit_inputs`: terms and delay of the last review up to the decision, loss given default
    policy : part economics
    as_of : last day that counts

    Returns
    -------
    DataFrame ``override_id approver_code reason_code extra_sales_amount profit_amount loss_amount``; profit is after
    the loss; empty amounts where terms or delay of the customer are not known.
    """
    rows = _at_last_review(raised, inputs[list(REVIEWED)])
    if not len(rows):
        names = ["override_id", "approver_code", "reason_code", "extra_sales_amount", "profit_amount", "loss_amount"]
        return DataFrame(columns=names).astype(dict.fromkeys(names[3:], float))
    use = daily_use(
        tables,
        policy,
        customers=sorted(rows["customer_id"].unique()),
        first_date=rows["valid_from_date"].min(),
        last_date=as_of,
    )
    extra = _extra(use, rows, tables["defaults"])
    period = (rows["terms_days"] + rows["days_beyond_terms_12m"]).astype(float).clip(lower=1.0)
    rules = policy.economics
    sales = extra["day_amount"] / period
    tax = (rows["country_code"] == policy.home_country_code).astype(float) * rules.tax_ratio
    loss = extra["at_default_amount"] * rows["lgd_ratio"].astype(float)
    earned = sales / (1 + tax) * rules.margin_ratio - sales * rules.operating_ratio
    cost = extra["day_amount"] * rules.finance_ratio / 365
    return rows[["override_id", "approver_code", "reason_code"]].assign(
        extra_sales_amount=sales, profit_amount=earned - cost - loss, loss_amount=loss.where(period.notna())
    )


def _at_last_review(log: DataFrame, rows: DataFrame) -> DataFrame:
    """Decisions with the columns of the customer's last day of review up to the decision."""
    right = rows.sort_values("review_date").astype({"review_date": "datetime64[us]", "customer_id": "str"})
    left = log.sort_values("decided_date").astype({"decided_date": "datetime64[us]", "customer_id": "str"})
    return pd.merge_asof(left, right, left_on="decided_date", right_on="review_date", by="customer_id")


def _defaults_after(rows: DataFrame, defaults: DataFrame, day: str) -> Series:
    """Tell for each row whether a default begins within 12 months after its day."""
    left = rows[["customer_id"]].assign(day=rows[day], end=months_after(rows[day], HORIZON_MONTHS), row=rows.index)
    pairs = left.merge(defaults[["customer_id", "default_date"]], on="customer_id")
    hit = pairs.loc[(pairs["default_date"] > pairs["day"]) & (pairs["default_date"] <= pairs["end"]), "row"]
    return Series(rows.index.isin(hit), index=rows.index)


def _has_override(rows: DataFrame, log: DataFrame) -> Series:
    """Tell on which reviews an override of the customer holds."""
    left = rows[["customer_id", "review_date"]].assign(row=rows.index)
    pairs = left.merge(log[["customer_id", "decided_date", "valid_to_date"]], on="customer_id")
    day = pairs["review_date"]
    hit = pairs.loc[(pairs["decided_date"] <= day) & (pairs["valid_to_date"] >= day), "row"]
    return Series(rows.index.isin(hit), index=rows.index)


def _extra(use: DailyUse, raised: DataFrame, defaults: DataFrame) -> DataFrame:
    """Room used above the proposal while a raise held, summed over its days, and on the day before a default."""
    days = use.days.to_numpy()
    found = []
    for row in raised.itertuples():
        first = int(use.days.searchsorted(row.valid_from_date))
        end = int(use.days.searchsorted(row.valid_to_date, side="right"))
        owed = use.open_amount[use.customers.get_loc(row.customer_id), first:end]
        room = np.clip(owed, row.proposed_amount, row.final_amount) - row.proposed_amount
        begun = defaults.loc[defaults["customer_id"] == row.customer_id, "default_date"]
        inside = begun[(begun > row.valid_from_date) & (begun <= min(row.valid_to_date, use.days[-1]))]
        place = int(np.searchsorted(days[first:end], inside.min().to_datetime64())) if len(inside) else 0
        until = room if not len(inside) else room[:place]
        found.append((float(until.sum()), float(room[place - 1]) if len(inside) else 0.0))
    return DataFrame(found, columns=["day_amount", "at_default_amount"], index=raised.index)
