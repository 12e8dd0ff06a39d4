"""Rows to judge, for the tests of the measures of ranking, accuracy, comparison and profit."""

import numpy as np
import pandas as pd

from riskresearch.validation.battery import BATTERY
from riskresearch.validation.registry import Evidence
from riskresearch.validation.settings import ValidationSettings


def evidence(p, hit, *, customer=None, grade="A", rival=np.nan, **settings):
    """Return the evidence of PDs and outcomes; every row its own customer where none is named."""
    rows = pd.DataFrame({"pd_12m": np.asarray(p, float), "is_default": np.asarray(hit, bool)})
    rows["customer_id"] = [f"C{i:04d}" for i in range(len(rows))] if customer is None else np.asarray(customer)
    rows["grade_code"] = grade
    rows["rival_pd"] = rival
    filled = ValidationSettings(**{"n_bootstrap": 200} | settings)
    return Evidence(rows, filled, np.random.default_rng(filled.seed))


def judged(name, *args, **kwargs):
    """Return the result of a measure on PDs and outcomes."""
    return BATTERY[name].function(evidence(*args, **kwargs))


def made(n=400, seed=2, digits=2):
    """Return random PDs with ties and outcomes drawn from them."""
    rng = np.random.default_rng(seed)
    p = np.round(rng.beta(1, 8, n), digits)
    return p, rng.random(n) < p
