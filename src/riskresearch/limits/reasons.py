"""Why a limit is what it is: the figures behind the method that binds."""

import pandas as pd
from pandas import DataFrame

from riskresearch.base.schema import Column, Table, empty
from riskresearch.limits.applicants import KEYS, Applicants
from riskresearch.limits.methods.figures import method_figures
from riskresearch.limits.methods.registry import METHODS

LIMIT_FIGURES = Table(
    "limit_figures",
    "limits",
    "one row per customer, day of review and figure of the method that binds; figures that are not known are left out",
    ("customer_id", "review_date", "method_code", "figure_code"),
    (
        Column("customer_id", "text", "customer account"),
        Column("review_date", "date", "day of review"),
        Column("method_code", "text", "limit method that binds"),
        Column("figure_code", "text", "figure: its unit is in its name"),
        Column("value", "float", "value"),
    ),
)


def binding_figures(applicants: Applicants, proposed: DataFrame) -> DataFrame:
    """Return table `limit_figures`: what the amount of each row's binding method is made of.

    Beside the method's own figures stand ``kept_ratio``, where country or currency lower what may be risked, and
    ``guarantee_amount``, where securities lower the need. Rows in default, and those of which nothing is known, have
    no method and no figure.

    Parameters
    ----------
    applicants : rows and policy
    proposed : frame of `proposals` for the same applicants
    """
    parts = [_figures(applicants, proposed, name) for name in METHODS.names]
    filled = [part for part in parts if len(part)]
    if not filled:
        return empty(LIMIT_FIGURES)
    found = pd.concat(filled, ignore_index=True)
    return found.sort_values(list(LIMIT_FIGURES.keys), ignore_index=True)[LIMIT_FIGURES.names]


def _figures(applicants: Applicants, proposed: DataFrame, name: str) -> DataFrame:
    binds = proposed["binding_code"] == name
    if not binds.any():
        return empty(LIMIT_FIGURES)
    figures = method_figures(applicants, name).loc[binds].astype("float64")
    kept, secured = proposed["kept_ratio"], applicants.known("guarantee_amount")
    if METHODS[name].spec.question_code == "need":
        figures["guarantee_amount"] = secured.where(secured > 0)
    else:
        figures["kept_ratio"] = kept.where(kept < 1)
    keyed = applicants.rows.loc[binds, KEYS].assign(method_code=name).join(figures)
    long = keyed.melt([*KEYS, "method_code"], var_name="figure_code", value_name="value")
    return long.dropna(subset="value")
