"""How good the forecasts of earlier months were: by week, by item, and which method to use."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from pandas import DataFrame, Series

from riskresearch.base.resampling import auc
from riskresearch.behaviour.receipts.backtest import CHANCE_DAYS, Compared
from riskresearch.behaviour.receipts.methods import FORECAST_METHODS
from riskresearch.behaviour.receipts.paths import Floats, date_of
from riskresearch.behaviour.receipts.spread import LEVELS

HORIZONS = (1, 2, 4, 8, 13)
CHOICE_WEEKS = 4
LEAST_ORIGINS = 6
FALLBACK_RULE = "mean_delay"
N_ORIGIN_DRAWS = 4000
_LEVEL_NAMES = ("low_95", "low_80", "middle", "high_80", "high_95")


def origin_rows(compared: Sequence[Compared]) -> DataFrame:
    """Return one row per method, origin and week: foreseen, received and the levels, in major units."""
    parts = []
    for each in compared:
        part = DataFrame(each.levels / 100, columns=list(_LEVEL_NAMES))
        part = part.assign(
            method_code=each.method_code,
            origin_date=date_of(each.day),
            horizon_weeks=np.arange(1, len(each.expected) + 1),
            open_amount=each.open_amount / 100,
            expected_amount=each.expected / 100,
            actual_amount=each.received / 100,
        )
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def measured_weeks(rows: DataFrame) -> DataFrame:
    """Return WAPE, bias, coverage and pinball loss by method, scope and horizon, all origins together.

    WAPE = Σ|F − A| / ΣA and bias = Σ(F − A) / ΣA over origins (and, for the scope of the first weeks,
    over weeks 1 to h, each counted alone); sums before ratios, so quiet weeks do not dominate.

    Parameters
    ----------
    rows : from `origin_rows`
    """
    found = []
    last = int(rows["horizon_weeks"].max())
    for method, part in rows.groupby("method_code", sort=False):
        for h in (h for h in HORIZONS if h <= last):
            scopes = {"week": part["horizon_weeks"] == h, "first_weeks": part["horizon_weeks"] <= h}
            for scope, chosen in scopes.items():
                row = {"method_code": method, "scope_code": scope, "horizon_weeks": h}
                found.append(row | _week_measures(part[chosen]))
    return DataFrame(found)


def item_measures(compared: Sequence[Compared]) -> DataFrame:
    """Return measures of the forecast of single items, those of all origins together.

    Returns
    -------
    DataFrame ``method_code measure_code value n_items``: error of the foreseen day (mean and median of absolute
    errors, items that were paid within the weeks), concordance of the foreseen days with payment within 30 days
    (share of pairs put in the right order), Brier score of the chance of payment within 30 days and over all days,
    and mean chance beside the share paid. Every item is followed to the end of the weeks, so nothing is censored.
    """
    return pd.concat([_items_of(m.name, _pooled(compared, m.name)) for m in FORECAST_METHODS], ignore_index=True)


def calibration(compared: Sequence[Compared]) -> DataFrame:
    """Return foreseen chance and observed share of payment within 30 days by tenth of the items, models only."""
    parts = []
    for member in FORECAST_METHODS:
        if not member.spec.is_model:
            continue
        items = _pooled(compared, member.name)
        hit = (items["paid_after"] <= CHANCE_DAYS).astype(float)
        tenth = np.ceil(items["chance_30d"].rank(method="first") / len(items) * 10).astype("int64")
        grouped = DataFrame({"expected": items["chance_30d"], "observed": hit}).groupby(tenth)
        part = grouped.mean().rename(columns=lambda name: f"{name}_ratio").assign(n_items=grouped.size())
        parts.append(part.rename_axis("tenth_number").reset_index().assign(method_code=member.name))
    return pd.concat(parts, ignore_index=True)


def choice(rows: DataFrame, *, rng: np.random.Generator) -> dict[str, object]:
    """Return which method to use: a model only where it surely beats the best rule, otherwise that rule.

    Compared is the WAPE of weeks 1 to 4 over all origins. The interval of the difference comes from
    origins drawn anew with replacement, both methods on the same draw (2.5 and 97.5 %); the model
    is taken where the whole interval lies below 0.

    Parameters
    ----------
    rows : from `origin_rows`
    rng : source of chance of the draws
    """
    first = rows[rows["horizon_weeks"] <= CHOICE_WEEKS]
    miss = (first["expected_amount"] - first["actual_amount"]).abs()
    errors = miss.groupby([first["origin_date"], first["method_code"]]).sum().unstack()
    actual = first[first["method_code"] == FALLBACK_RULE].groupby("origin_date")["actual_amount"].sum()
    wape = errors.sum() / actual.sum()
    model, rule = _best(wape, is_model=True), _best(wape, is_model=False)
    gap = (errors[model] - errors[rule]).to_numpy()
    low, high = _gap_interval(gap, actual.to_numpy(), rng)
    difference = float(wape[model] - wape[rule])
    reason = _reason(len(actual), difference, high)
    rule_used = FALLBACK_RULE if reason == "too_few_origins" else rule
    return {
        "chosen_method_code": model if reason == "model_beats_rule" else rule_used,
        "reason_code": reason,
        "rule_code": rule,
        "model_code": model,
        "rule_wape_ratio": float(wape[rule]),
        "model_wape_ratio": float(wape[model]),
        "difference_ratio": difference,
        "difference_low_ratio": low,
        "difference_high_ratio": high,
        "n_origins": len(actual),
    }


def _reason(n_origins: int, difference: float, high: float) -> str:
    if n_origins < LEAST_ORIGINS:
        return "too_few_origins"
    if difference >= 0:
        return "rule_not_beaten"
    return "model_beats_rule" if high < 0 else "not_certain"


def _best(wape: Series, *, is_model: bool) -> str:
    names = [m.name for m in FORECAST_METHODS if m.spec.is_model == is_model]
    return str(wape[names].idxmin())


def _gap_interval(gap: Floats, actual: Floats, rng: np.random.Generator) -> tuple[float, float]:
    drawn = rng.integers(0, len(gap), (N_ORIGIN_DRAWS, len(gap)))
    total = actual[drawn].sum(axis=1)
    if (total <= 0).any():
        return float("nan"), float("nan")
    low, high = np.quantile(gap[drawn].sum(axis=1) / total, [0.025, 0.975])
    return float(low), float(high)


def _week_measures(part: DataFrame) -> dict[str, object]:
    actual, total = part["actual_amount"], float(part["actual_amount"].sum())
    miss = part["expected_amount"] - actual
    told = part[part["middle"].notna()]
    inside = {
        level: float(told["actual_amount"].between(told[f"low_{level}"], told[f"high_{level}"]).mean())
        for level in (80, 95)
        if len(told)
    }
    return {
        "n_origins": part["origin_date"].nunique(),
        "actual_amount": total,
        "wape_ratio": float(miss.abs().sum()) / total if total > 0 else np.nan,
        "bias_ratio": float(miss.sum()) / total if total > 0 else np.nan,
        "n_intervals": len(told),
        "coverage_80_ratio": inside.get(80, np.nan),
        "coverage_95_ratio": inside.get(95, np.nan),
        "pinball_ratio": _pinball(told),
    }


def _pinball(told: DataFrame) -> float:
    """Mean over the levels q of Σ max(q (A − L), (q − 1) (A − L)) / ΣA."""
    actual = told["actual_amount"].to_numpy()
    if actual.sum() <= 0:
        return float("nan")
    gap = actual[:, None] - told[list(_LEVEL_NAMES)].to_numpy()
    loss = np.maximum(np.array(LEVELS) * gap, (np.array(LEVELS) - 1) * gap)
    return float(loss.sum(axis=0).mean() / actual.sum())


def _pooled(compared: Sequence[Compared], method: str) -> DataFrame:
    own = [each for each in compared if each.method_code == method]
    names = ("chance_30d", "expected_days", "middle_days", "paid_after", "brier")
    return DataFrame({name: np.concatenate([getattr(each, name) for each in own]) for name in names})


def _items_of(method: str, items: DataFrame) -> DataFrame:
    paid = items["paid_after"].notna()
    hit = (items["paid_after"] <= CHANCE_DAYS).astype(float)
    error = (items["middle_days"] - items["paid_after"])[paid].abs()
    values = {
        "pay_date_mae_days": (error.mean(), len(error)),
        "pay_date_median_error_days": (error.median(), len(error)),
        "concordance_30d_ratio": (auc(-items["expected_days"], hit), len(items)),
        "brier_30d": (((items["chance_30d"] - hit) ** 2).mean(), len(items)),
        "integrated_brier": (items["brier"].mean(), len(items)),
        "paid_30d_expected_ratio": (items["chance_30d"].mean(), len(items)),
        "paid_30d_observed_ratio": (hit.mean(), len(items)),
    }
    rows = [(method, name, value, n) for name, (value, n) in values.items()]
    return DataFrame(rows, columns=["method_code", "measure_code", "value", "n_items"])
