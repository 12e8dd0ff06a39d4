"""The model in use beside each other candidate on the same rows: simple rules it must beat, and challengers."""

import numpy as np
from pandas import DataFrame
from scipy.stats import norm

from riskresearch.base.schema import Column, Table
from riskresearch.validation.adjustment import holm
from riskresearch.validation.delong import PairedAuc, clustered_paired, untested_reason
from riskresearch.validation.registry import REASONS

COMPARISONS = Table(
    "comparisons",
    "validation",
    "one row per other model, out of time, same rows as the model in use",
    ("other_code",),
    (
        Column("other_code", "text", "model that is compared with the one in use"),
        Column("n_rows", "int", "rows that both rate"),
        Column("n_defaults", "int", "defaults among them"),
        Column("auc", "float", "AUC of the model in use", True),
        Column("other_auc", "float", "AUC of the other model", True),
        Column("auc_difference", "float", "AUC of the model in use minus AUC of the other", True),
        Column("difference_low", "float", "lower bound, rows of a customer may depend (Obuchowski 1997)", True),
        Column("difference_high", "float", "upper bound", True),
        Column("p_value", "float", "p-value of 'the model in use is not better', one-sided", True),
        Column("p_adjusted", "float", "p-value adjusted for the number of models compared (Holm)", True),
        Column("brier_difference", "float", "Brier score of the model in use minus that of the other", True),
        Column("reason_code", "code", "why it cannot be computed", True, REASONS),
    ),
)
KEYS = ["customer_id", "observation_date"]


def comparisons(ratings: DataFrame, *, model: str, confidence_ratio: float) -> DataFrame:
    """Return table `comparisons`: paired tests of the model in use against every other one, out of time.

    Parameters
    ----------
    ratings : model_code, customer_id, observation_date, sample_code, pd_12m, is_default
    model : model in use
    confidence_ratio : confidence of the interval of the difference
    """
    known = ratings[(ratings["sample_code"] == "out_of_time") & ratings["is_default"].notna()]
    own = known[known["model_code"] == model]
    others = [name for name in sorted(known["model_code"].unique()) if name != model] if len(own) else []
    rows = [
        {"other_code": name, **_compared(own, known[known["model_code"] == name], confidence_ratio)} for name in others
    ]
    made = DataFrame(rows, columns=[name for name in COMPARISONS.names if name != "p_adjusted"])
    return made.assign(p_adjusted=holm(made["p_value"].to_numpy(float)))


def _compared(own: DataFrame, other: DataFrame, confidence_ratio: float) -> dict[str, object]:
    both = own.merge(other[[*KEYS, "pd_12m"]], on=KEYS, suffixes=("", "_other"))
    hit = both["is_default"].to_numpy(bool)
    counts: dict[str, object] = {"n_rows": len(both), "n_defaults": int(hit.sum())}
    if not hit.any() or hit.all():
        reason = "no_rows" if both.empty else "no_default" if not hit.any() else "all_default"
        return counts | {"reason_code": reason}
    ours, theirs = both["pd_12m"].to_numpy(float), both["pd_12m_other"].to_numpy(float)
    customers = both["customer_id"].to_numpy(str)
    paired = clustered_paired(ours, theirs, hit, customers)
    brier = float(np.mean((ours - hit) ** 2) - np.mean((theirs - hit) ** 2))
    found = {"auc": paired.auc_a, "other_auc": paired.auc_b, "auc_difference": paired.difference}
    untested = untested_reason(paired, ours, theirs, hit, customers)
    tested = {"reason_code": untested} if untested else _tested(paired, confidence_ratio)
    return counts | found | {"brier_difference": brier} | tested


def _tested(paired: PairedAuc, confidence_ratio: float) -> dict[str, object]:
    width = norm.ppf((1 + confidence_ratio) / 2) * np.sqrt(paired.variance)
    low, high = max(paired.difference - width, -1.0), min(paired.difference + width, 1.0)
    return {"difference_low": low, "difference_high": high, "p_value": paired.p_greater}
