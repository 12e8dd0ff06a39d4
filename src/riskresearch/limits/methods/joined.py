"""Amounts of the methods of a question, and the one number they are joined to."""

import numpy as np
from pandas import DataFrame, Series

from riskresearch.limits.applicants import Applicants
from riskresearch.limits.methods.registry import METHODS


def amounts(applicants: Applicants, question_code: str) -> DataFrame:
    """Return one column for each method that the policy names for a question, index of the rows."""
    names = getattr(applicants.policy.methods, question_code).methods
    found = {name: METHODS[name].function(applicants).astype("float64").clip(lower=0) for name in names}
    return DataFrame(found, index=applicants.rows.index)


def join(found: DataFrame, rule: str) -> Series:
    """Return the smallest, largest or mean amount of each row, whatever is NaN left aside.

    An infinite amount (any amount is fine) leaves smallest and mean to the others, and is the largest.
    """
    if rule == "largest":
        return found.max(axis=1)
    if rule == "smallest":
        return found.min(axis=1)
    bounded = found.mask(np.isinf(found))
    return bounded.mean(axis=1).fillna(found.max(axis=1))


def decisive(found: DataFrame, rule: str) -> Series:
    """Return the method whose amount is nearest to the joined one, the first of two; empty where none has one."""
    distance = found.sub(join(found, rule), axis=0).abs()
    distance = distance.mask(np.isinf(found), np.inf).mask(found.isna())
    known = distance.notna().any(axis=1)
    return distance.loc[known].idxmin(axis=1).reindex(found.index)


def joined(applicants: Applicants, question_code: str) -> Series:
    """Return the number that answers a question, joined as the policy says; NaN where no method has an amount."""
    return join(amounts(applicants, question_code), getattr(applicants.policy.methods, question_code).join)
