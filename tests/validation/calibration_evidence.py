"""Evidence built by hand for the tests of calibration."""

import numpy as np
import pandas as pd

from riskresearch.validation.measures import grades as _grades  # noqa: F401
from riskresearch.validation.measures.calibration_error import CalibrationErrorSettings
from riskresearch.validation.measures.counts import CountsSettings
from riskresearch.validation.measures.slope import SlopeSettings
from riskresearch.validation.registry import BATTERY, Evidence, judged
from riskresearch.validation.settings import CommonSettings

GRADES = ("A", "B", "C", "D", "E", "F", "G", "H")
OWN = (
    "jeffreys",
    "binomial",
    "binomial_correlated",
    "traffic_light",
    "normal_multi_year",
    "hosmer_lemeshow",
    "observed_to_expected",
    "grade_heterogeneity",
    "grade_inversion",
    "calibration_slope",
    "calibration_intercept",
    "calibration_in_the_large",
    "slope_and_level",
    "ece",
    "mce",
    "smooth_ece",
)


class Settings(CommonSettings, CountsSettings, SlopeSettings, CalibrationErrorSettings):
    """The settings these measures need."""


def evidence(p, hit, *, grade=None, customer=None, is_in_sample=False, years=None, **settings):
    """Return the evidence of rows with these PDs and outcomes."""
    p = np.asarray(p, float)
    owner = np.arange(len(p)) if customer is None else np.asarray(customer)
    places = np.digitize(p, [0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32], right=True)
    rows = pd.DataFrame(
        {
            "customer_id": [f"C{i:05d}" for i in owner],
            "pd_12m": p,
            "is_default": np.asarray(hit, bool),
            "grade_code": [GRADES[k] for k in places] if grade is None else list(grade),
        }
    )
    chance = np.random.default_rng(1)
    return Evidence(
        rows, Settings(**{"n_bootstrap": 200, **settings}), chance, GRADES, is_in_sample=is_in_sample, years=years
    )


def grouped(groups, **others):
    """Return the evidence of groups of customers with one grade and PD each."""
    p = np.concatenate([np.full(g["customers"], g["pd"]) for g in groups])
    hit = np.concatenate([np.arange(g["customers"]) < g["defaults"] for g in groups])
    grade = [g["grade"] for g in groups for _ in range(g["customers"])]
    return evidence(p, hit, grade=grade, **others)


def found(name, given):
    """Return what a measure says of the evidence."""
    return BATTERY[name].function(given)


def verdict(name, given):
    """Return the verdict of a measure."""
    return judged(found(name, given), BATTERY[name].spec, given.settings)
