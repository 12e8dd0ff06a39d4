"""Stream of external ratings on one scale from 0 (best grade) to 1,000,000 (worst)."""

from collections.abc import Mapping

import numpy as np
from pandas import DataFrame

from riskresearch.base.ordering import in_order
from riskresearch.behaviour.warnings.news import LETTER_GRADES
from riskresearch.features.streams.registry import STREAMS, Stream, Tables, day_number
from riskresearch.features.streams.steps import changes, first_of_group, running, stacked, step_deltas
from riskresearch.ledger.movements import known_date

_SUMS = ("rating_micro", "n_ratings", "n_downgrades")
_SERIES = ["customer_id", "provider_code"]


def with_rating_scales(tables: Tables, scales: Mapping[str, tuple[str, ...]]) -> dict[str, DataFrame]:
    """Return the tables and `rating_scales`: the place of each grade on the scale of its provider."""
    return {**tables, "rating_scales": rating_scale(tables["ratings"], scales)}


def rating_scale(ratings: DataFrame, scales: Mapping[str, tuple[str, ...]]) -> DataFrame:
    """Return the place of each grade on the scale of its provider.

    Parameters
    ----------
    ratings : canonical table `ratings`
    scales : grades of a provider from best to worst; without them letter grades AAA to D are known

    Returns
    -------
    DataFrame ``provider_code rating_code rating_micro``, one row per grade that occurs: 0 for the best grade of the
    scale, 1,000,000 for the worst, in equal steps. A grade that is on no known scale has no row.

    Examples
    --------
    >>> given = DataFrame({"provider_code": ["bureau", "agency", "agency"], "rating_code": ["3", "AAA", "NR"]})
    >>> rating_scale(given, {"bureau": ("1", "2", "3", "4", "5")})["rating_micro"].tolist()
    [0, 500000]
    """
    pairs = ratings[["provider_code", "rating_code"]].drop_duplicates()
    pairs = pairs.sort_values(["provider_code", "rating_code"], ignore_index=True)
    places = {provider: _places(scales.get(provider, LETTER_GRADES)) for provider in pairs["provider_code"].unique()}
    micro = [places[p].get(grade, -1) for p, grade in zip(pairs["provider_code"], pairs["rating_code"], strict=True)]
    placed = pairs.assign(rating_micro=np.array(micro, dtype="int64"))
    return placed[placed["rating_micro"] >= 0].reset_index(drop=True)


@STREAMS.register(Stream(reads=("ratings", "rating_scales"), sums=_SUMS))
def ratings(tables: Tables) -> DataFrame:
    """Worst of the latest ratings of each provider, how many providers rate, and the downgrades.

    A rating is a downgrade where it is worse than the latest one of the same provider before it. The latest rating
    of a provider counts as none where its grade is on no known scale.
    """
    rows = tables["ratings"].merge(tables["rating_scales"], on=["provider_code", "rating_code"], how="left")
    rows = rows.assign(
        act_day=day_number(rows["rating_date"]),
        known_day=day_number(known_date(rows, "rating_date")),
        rating_micro=rows["rating_micro"].astype("Int64"),
    )
    steps = step_deltas(
        rows, by=_SERIES, act_day="act_day", known_day="known_day", values={"rating_micro": "n_ratings"}
    )
    downgrades = steps[(steps["n_ratings"] == 0) & (steps["rating_micro"] > 0)]
    return stacked([_worst(steps), downgrades[["customer_id", "day"]].assign(n_downgrades=1)], sums=_SUMS)


def _worst(steps: DataFrame) -> DataFrame:
    """Changes of the worst rating and of the number of ratings of each customer, one row per customer and day."""
    series = steps.groupby(_SERIES, sort=True).ngroup()
    slot = series - series.groupby(steps["customer_id"]).transform("min")
    rows = in_order(steps.assign(slot=slot), ["customer_id", "day"])
    is_first = first_of_group(rows["customer_id"].to_numpy())
    worst, number = np.full(len(rows), -1), np.zeros(len(rows), dtype="int64")
    for one in range(int(slot.max()) + 1 if len(rows) else 0):
        own = (rows["slot"] == one).to_numpy()
        rating, has = (
            running(np.where(own, rows[name].to_numpy(), 0), is_first) for name in ("rating_micro", "n_ratings")
        )
        worst = np.maximum(worst, np.where(has > 0, rating, -1))
        number += has
    is_last = np.r_[is_first[1:] | (np.diff(rows["day"].to_numpy()) > 0), True][: len(rows)]
    is_first = first_of_group(rows["customer_id"].to_numpy()[is_last])
    levels = {"rating_micro": np.maximum(worst, 0)[is_last], "n_ratings": number[is_last]}
    days = rows.loc[is_last, ["customer_id", "day"]]
    return days.assign(**{name: changes(level, is_first) for name, level in levels.items()})


def _places(grades: tuple[str, ...]) -> dict[str, int]:
    """Place of each grade from best to worst, in millionths."""
    steps = max(len(grades) - 1, 1)
    return {grade: round(k * 1_000_000 / steps) for k, grade in enumerate(grades)}
