"""Tables and a linear model made by hand, so that every contribution can be checked with a pencil."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from model.panel import FAST
from pandas import DataFrame, Timestamp
from scipy.special import expit

from riskresearch.explanation.parts import ExpertLevel

FOLDER = Path(__file__).parents[1] / "cases" / "explanation"
QUICK = FAST.model_copy(update={"n_refits": 0})
NOW, BEFORE = Timestamp("2025-12-31"), Timestamp("2025-11-30")
LEVEL = ExpertLevel(prior_default_ratio=0.02, source_pd_floor=0.0005)
SCALE = DataFrame(
    {
        "grade_code": ["A", "B", "C", "D", "E", "F", "G", "H", "X"],
        "pd_low": [0, 0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 1],
        "pd_high": [0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 1, 1],
    }
)
SOURCES = ("behaviour", "accounts", "external", "questionnaire")


@dataclass(frozen=True)
class Linear:
    """Log-odds = base + sum of weight × value; a missing value adds nothing."""

    weights: dict[str, float]
    base: float
    pd_floor: float = 0.0005

    @property
    def names(self):
        return tuple(self.weights)

    def contributions(self, rows):
        values = rows[list(self.names)].to_numpy(float)
        return np.nan_to_num(values) * np.array(list(self.weights.values())), self.base

    def log_odds(self, rows):
        return self.contributions(rows)[0].sum(axis=1) + self.base


def cases(name):
    """Worked cases of a file, as parameters of a test."""
    return [
        pytest.param(case, id=case["name"]) for case in yaml.safe_load((FOLDER / f"{name}.yaml").read_text("utf-8"))
    ]


def book(case):
    """Return the model and the tables of a case: customers with ``values``, ``before``, ``sector`` and so on."""
    model = Linear(case["weights"], case["base"], case.get("pd_floor", 0.0005)) if case.get("weights") else None
    customers = {key: {"source": "lightgbm", **given} for key, given in case["customers"].items()}
    names = list(case.get("weights") or case.get("rule") or [])
    shots = DataFrame([row for key, given in customers.items() for row in _shots(key, given, names)])
    tables = {
        "snapshots": shots,
        "customers": DataFrame(
            {"customer_id": list(customers), "sector_code": [c.get("sector") for c in customers.values()]}
        ),
        "expert_ratings": expert_ratings({key: given.get("expert", {}) for key, given in customers.items()}),
        "external_ratings": _external(customers),
        "rating_history": _history(customers),
        "grade_scale": SCALE,
        "model_choice": DataFrame(
            {
                "model_code": ["lightgbm", "late_rate", "expert"],
                "is_chosen": [case.get("chosen", "lightgbm") == code for code in ("lightgbm", "late_rate", "expert")],
                "feature_code": [None, next(iter(case.get("rule", ["late"]))), None],
            }
        ).astype({"feature_code": "str"}),
    }
    return model, tables | {"scored": _scored(customers, tables, model)}


def expert_ratings(given):
    """Return table `expert_ratings`; by customer: pds, shares, blend, pd, conflict, default_rated, answers."""
    rows = []
    for key, told in given.items():
        shares = told.get("shares", {})
        rows.append(
            {
                "customer_id": key,
                **{f"pd_{name}": told.get("pds", {}).get(name, np.nan) for name in SOURCES},
                **{f"{name}_share_ratio": shares.get(name, 0.0) for name in SOURCES},
                "prior_share_ratio": 1 - sum(shares.values()),
                "pd_blend": told.get("blend", 0.02),
                "pd_12m": told.get("pd", told.get("blend", 0.02)),
                "conflict_code": told.get("conflict", "none"),
                "is_default_rated": told.get("default_rated", False),
                "n_answers": told.get("answers", 0),
            }
        )
    return DataFrame(rows).astype({"is_default_rated": "boolean"})


def _shots(key, given, names):
    """Rows of table `snapshots` of a customer: today's, and that of the date before where it has one."""
    code = {"default": "in_default", "cold_start": "never_sold", "gone": "inactive"}.get(given["source"])
    sides = [(NOW, given.get("values", {}), code)]
    if "before" in given:
        was = given["before"]
        sides.append((BEFORE, {} if isinstance(was, str) else was, was if isinstance(was, str) else None))
    for date, values, exclusion in sides:
        yield {
            "customer_id": key,
            "observation_date": date,
            "sample_code": "scoring" if date == NOW and exclusion is None else "immature",
            "exclusion_code": exclusion,
            "open_amount": given.get("open"),
            **{name: values.get(name, np.nan) for name in names},
        }


def _scored(customers, tables, model):
    """Table `scored`: the PD of the source, not below the floor nor a provider's default grade."""
    rows = []
    expert = tables["expert_ratings"].set_index("customer_id")
    today = tables["snapshots"][tables["snapshots"]["observation_date"] == NOW].set_index("customer_id")
    for key, given in customers.items():
        source, rated = given["source"], expert.loc[key]
        if source == "gone":
            continue
        score = {
            "lightgbm": lambda key=key: float(model.log_odds(today.loc[[key]])[0]),
            "expert": lambda rated=rated: float(np.log(rated["pd_12m"] / (1 - rated["pd_12m"]))),
            "default": lambda: np.nan,
        }.get(source, lambda given=given: float(given["score"]))()
        floor = rated["pd_12m"] if rated["is_default_rated"] else getattr(model, "pd_floor", 0.0005)
        p = 1.0 if source == "default" else max(expit(score), floor)
        rows.append((key, NOW, p, score, bool(expit(score) < floor), source))
    columns = ["customer_id", "observation_date", "pd_12m", "score", "is_pd_floored", "pd_source_code"]
    return DataFrame(rows, columns=columns)


def _external(customers):
    told = [(key, given["default_grade_on"]) for key, given in customers.items() if "default_grade_on" in given]
    made = DataFrame(told, columns=["customer_id", "rating_date"]).assign(is_default_grade=True)
    return made.astype({"customer_id": "str", "rating_date": "datetime64[us]"})


def _history(customers):
    told = [(key, BEFORE, given["pd_before"]) for key, given in customers.items() if "pd_before" in given]
    made = DataFrame(told, columns=["customer_id", "observation_date", "pd_12m"])
    return made.astype({"customer_id": "str", "observation_date": "datetime64[us]", "pd_12m": float})


def same(found, expected):
    """Assert that a cell holds what a case says: null is empty, numbers to nine digits."""
    if expected is None:
        assert pd.isna(found)
    elif isinstance(expected, float | int) and not isinstance(expected, bool):
        assert found == pytest.approx(expected, rel=1e-9, abs=1e-12)  # sums of parts may leave 1e-17 of 0
    else:
        assert found == expected
