"""What a worse external rating calls for: four actions for each customer downgraded lately."""

from collections.abc import Mapping, Sequence

import pandas as pd
from pandas import DataFrame, Series, Timestamp
from pydantic import Field

from riskresearch.base.config import StageSettings
from riskresearch.base.schema import Column, Table
from riskresearch.behaviour.book import months_before
from riskresearch.ledger.codes import CUSTOMER

PROVIDERS = ["customer_id", "provider_code"]
DOWNGRADE_ACTIONS = ("reduce_limit", "watch_payments", "inform_insurer", "check_cover")
DOWNGRADES = Table(
    "downgrades",
    "model",
    "one row per customer and provider whose latest grade is worse than the one before, and action",
    ("customer_id", "provider_code", "action_code"),
    (
        CUSTOMER,
        Column("provider_code", "text", "agency, bureau or insurer"),
        Column("rating_date", "date", "date of the downgrade"),
        Column("rating_before", "text", "rating before, on the provider's scale"),
        Column("rating_code", "text", "latest rating"),
        Column("n_notches", "int", "grades lost on the provider's scale"),
        Column("action_code", "code", "what is to be done", False, DOWNGRADE_ACTIONS),
    ),
)


class DowngradeSettings(StageSettings):
    """External downgrades."""

    downgrade_months: int = Field(
        3, ge=1, le=24, description="months for which a downgrade calls for action; the company's own judgement"
    )


def downgrades(
    ratings: DataFrame, orders: Mapping[str, Sequence[str]], settings: DowngradeSettings, *, as_of: Timestamp
) -> DataFrame:
    """Return table `downgrades`: reduce the limit, watch the payments, inform the insurer, check the cover.

    A downgrade is a latest grade worse than the one before of the same provider, first given in the last
    `downgrade_months`; a rating that only confirms a grade changes nothing. Grades that are not on the provider's
    scale are left out; table `external_rating_counts` counts them.

    Parameters
    ----------
    ratings : table `ratings`, as known on `as_of`
    orders : grades of each provider, best first
    settings : months
    as_of : last day that counts

    Examples
    --------
    >>> days = pd.to_datetime(["2025-01-10", "2025-11-20"])
    >>> ratings = DataFrame({"customer_id": "a", "provider_code": "p", "rating_date": days, "rating_code": ["A", "C"]})
    >>> found = downgrades(ratings, {"p": ["A", "B", "C"]}, DowngradeSettings(), as_of=Timestamp("2025-12-31"))
    >>> found["action_code"].tolist(), int(found["n_notches"].iloc[0])
    (['reduce_limit', 'watch_payments', 'inform_insurer', 'check_cover'], 2)
    """
    places = {(provider, grade): k for provider, order in orders.items() for k, grade in enumerate(order)}
    keys = zip(ratings["provider_code"], ratings["rating_code"], strict=True)
    placed = ratings.assign(place=Series([places.get(key) for key in keys], index=ratings.index, dtype="float64"))
    rows = placed[placed["place"].notna() & (ratings["rating_date"] <= as_of)]
    rows = rows.sort_values([*PROVIDERS, "rating_date"], kind="stable")
    rows = rows[rows.groupby(PROVIDERS)["place"].diff() != 0]
    before = rows.groupby(PROVIDERS)[["place", "rating_code"]].shift()
    rows = rows.assign(n_notches=rows["place"] - before["place"], rating_before=before["rating_code"])
    latest = rows.drop_duplicates(PROVIDERS, keep="last")
    is_recent = latest["rating_date"] > months_before(as_of, settings.downgrade_months)
    worse = latest[(latest["n_notches"] > 0) & is_recent]
    made = worse.merge(DataFrame({"action_code": list(DOWNGRADE_ACTIONS)}), how="cross")
    return pd.DataFrame(made[DOWNGRADES.names])
