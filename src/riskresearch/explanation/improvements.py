"""What would improve the grade: customers scored again as if they had paid, and how far that dresses a month-end."""

from collections.abc import Mapping

import numpy as np
from pandas import DataFrame, Series
from scipy.special import expit

from riskresearch.base.errors import TableError, first_keys
from riskresearch.base.schema import Column, Table, conform, empty
from riskresearch.explanation.disagreements import open_amounts
from riskresearch.explanation.grading import grade_codes, grade_numbers
from riskresearch.explanation.model import ExplainedModel
from riskresearch.explanation.parts import MODEL, TOLERANCE, default_rated, lowest_pds, rows_of

NOT_SCORED = ("not_by_model",)
ONE_ITEM, ANY = "one_item", "any_variant"
IMPROVEMENTS = Table(
    "improvements",
    "explanation",
    "one row per customer and variant of table what_if_snapshots",
    ("customer_id", "variant_code"),
    (
        Column("customer_id", "text", "customer account"),
        Column("variant_code", "text", "what the customer pays the day before the date"),
        Column("item_id", "text", "item paid; empty where several are", True),
        Column("n_items", "int", "items paid"),
        Column("paid_amount", "float", "amount paid, run currency"),
        Column("paid_date", "date", "day it is paid"),
        Column("open_amount", "float", "open amount of the customer on the date as it was, run currency", True),
        Column("pd_before", "float", "PD as it is", True),
        Column("pd_after", "float", "PD scored again; empty where no model can", True),
        Column("grade_before", "text", "grade as it is", True),
        Column("grade_after", "text", "grade scored again", True),
        Column("n_notches", "int", "grades moved; - is better", True),
        Column("is_grade_better", "bool", "the grade is better for it", True),
        Column("reason_code", "code", "why it is not scored again", True, NOT_SCORED),
    ),
)
WINDOW_DRESSING = Table(
    "window_dressing",
    "explanation",
    "one row per variant, for the best single item and for the best of all variants; no row without a customer",
    ("variant_code",),
    (
        Column("variant_code", "text", "variant; one_item: of the variants of one item the cheapest that betters the "
               "grade, else the cheapest; any_variant: the same of all variants"),
        Column("n_customers", "int", "customers that could, scored again"),
        Column("n_improved", "int", "of these, with a better grade"),
        Column("improved_ratio", "float", "share with a better grade"),
        Column("n_worse", "int", "of these, with a worse grade"),
        Column("notches_mean", "float", "mean change over all of them, grades; - is better"),
        Column("n_notches_best", "int", "largest improvement by this variant, grades; - is better"),
        Column("pd_change_mean", "float", "mean change of the PD over all of them"),
        Column("paid_amount", "float", "amount that all of them pay, run currency"),
        Column("paid_open_ratio", "float", "share of their open amount; empty where it is not known", True),
        Column("improved_paid_amount", "float", "amount that those with a better grade pay, run currency"),
        Column("improved_paid_open_ratio", "float", "share of their open amount; empty without such customers", True),
        Column("smallest_paid_amount", "float", "smallest amount that betters a grade; empty where none does", True),
        Column("smallest_customer_id", "text", "customer who pays it", True),
    ),
)  # fmt: skip
IMPROVEMENT_TABLES = (IMPROVEMENTS, WINDOW_DRESSING)


def improvements(tables: Mapping[str, DataFrame], *, model: ExplainedModel | None) -> dict[str, DataFrame]:
    """Return tables `improvements` and `window_dressing`.

    Each variant is scored again by the accepted model from the features of the altered ledger; nothing is read off
    contributions. A provider's default grade holds the PD up as before. The same numbers, counted, say how far a
    customer can dress its grade by one payment the day before the month ends: the attack is the smallest payment of
    one item that moves the grade.

    Parameters
    ----------
    tables : ``what_if_snapshots snapshots scored expert_ratings grade_scale``
    model : the accepted model; None where there is none, then no variant is scored

    Raises
    ------
    TableError
        The model does not give the PDs of table `scored` from the features as they are.
    """
    rows = tables["what_if_snapshots"]
    if rows.empty:
        return {table.name: empty(table) for table in IMPROVEMENT_TABLES}
    scored = tables["scored"].set_index("customer_id")
    by_model = scored.index[(scored["pd_source_code"] == MODEL) & (model is not None)]
    rows = rows.reset_index(drop=True).assign(
        pd_before=rows["customer_id"].map(scored["pd_12m"]).astype(float).to_numpy(),
        open_amount=open_amounts(rows, tables["snapshots"]).to_numpy(),
    )
    is_scored = rows["customer_id"].isin(by_model)
    rows["pd_after"] = np.nan
    if model is not None and is_scored.any():
        _assert_same_model(tables, model)
        rows.loc[is_scored, "pd_after"] = _pds(rows[is_scored], rows.loc[is_scored, "customer_id"], tables, model)
    reason = Series(NOT_SCORED[0], index=rows.index, dtype="str").mask(is_scored)
    made = _graded(rows, tables["grade_scale"]).assign(reason_code=reason)
    made = conform(made[IMPROVEMENTS.names], IMPROVEMENTS)
    return {"improvements": made, "window_dressing": window_dressing(made)}


def window_dressing(made: DataFrame) -> DataFrame:
    """Return table `window_dressing`, counted from table `improvements`."""
    rows = made[made["reason_code"].isna()]
    if rows.empty:
        return empty(WINDOW_DRESSING)
    variants = {str(code): part for code, part in rows.groupby("variant_code")}
    single = rows[rows["n_items"] == 1]
    variants |= {ONE_ITEM: _cheapest(single)} if len(single) else {}
    variants[ANY] = _cheapest(rows)
    return conform(DataFrame([{"variant_code": code, **_counted(part)} for code, part in variants.items()]),
                   WINDOW_DRESSING)  # fmt: skip


def _pds(rows: DataFrame, customers: Series, tables: Mapping[str, DataFrame], model: ExplainedModel) -> Series:
    lowest = lowest_pds(customers, default_rated(tables["expert_ratings"]), pd_floor=model.pd_floor)
    return Series(np.maximum(expit(model.log_odds(rows)), lowest), index=rows.index)


def _assert_same_model(tables: Mapping[str, DataFrame], model: ExplainedModel) -> None:
    scored = tables["scored"][tables["scored"]["pd_source_code"] == MODEL].set_index("customer_id")
    rows = rows_of(tables["snapshots"], scored.reset_index(), names=model.names).reindex(scored.index)
    gap = (_pds(rows, rows.index.to_series(), tables, model) - scored["pd_12m"].astype(float)).abs()
    wrong = ~(gap < TOLERANCE)
    if wrong.any():
        raise TableError(
            f"improvements: the model gives {int(wrong.sum())} customers ({first_keys(gap.index[wrong])}) another PD "
            f"than table scored (largest gap {gap.max():.2e}); take model, snapshots and scores of one run"
        )


def _graded(rows: DataFrame, grade_scale: DataFrame) -> DataFrame:
    """The rows with grades before and after; missing where a PD is."""
    numbers = {side: np.full(len(rows), np.nan) for side in ("before", "after")}
    codes = {}
    for side, number in numbers.items():
        pds = rows[f"pd_{side}"].to_numpy(float)
        is_known = ~np.isnan(pds)
        number[is_known] = grade_numbers(pds[is_known], grade_scale)
        code = Series(None, index=rows.index, dtype="str")
        code[is_known] = grade_codes(number[is_known].astype(np.int64), grade_scale)
        codes[f"grade_{side}"] = code
    notches = Series(numbers["after"] - numbers["before"], index=rows.index).astype("Int64")
    return rows.assign(**codes, n_notches=notches, is_grade_better=(notches < 0).astype("boolean"))


def _cheapest(rows: DataFrame) -> DataFrame:
    """The smallest payment of each customer that betters the grade; the smallest of all where none does."""
    order = rows.assign(is_no_use=~rows["is_grade_better"].astype(bool))
    order = order.sort_values(["customer_id", "is_no_use", "paid_amount", "variant_code"])
    return order.drop_duplicates("customer_id").drop(columns="is_no_use")


def _counted(rows: DataFrame) -> dict[str, object]:
    better = rows[rows["is_grade_better"].astype(bool)].sort_values(["paid_amount", "customer_id"])
    notches = rows["n_notches"].astype(int)
    return {
        "n_customers": len(rows),
        "n_improved": len(better),
        "improved_ratio": len(better) / len(rows),
        "n_worse": int((notches > 0).sum()),
        "notches_mean": float(notches.mean()),
        "n_notches_best": int(notches.min()),
        "pd_change_mean": float((rows["pd_after"] - rows["pd_before"]).mean()),
        "paid_amount": float(rows["paid_amount"].sum()),
        "paid_open_ratio": _share(rows),
        "improved_paid_amount": float(better["paid_amount"].sum()),
        "improved_paid_open_ratio": _share(better),
        "smallest_paid_amount": float(better["paid_amount"].iloc[0]) if len(better) else None,
        "smallest_customer_id": better["customer_id"].iloc[0] if len(better) else None,
    }


def _share(rows: DataFrame) -> float | None:
    """Amount paid as a share of the open amount, over customers whose open amount is known."""
    known = rows[rows["open_amount"] > 0]
    return float(known["paid_amount"].sum() / known["open_amount"].sum()) if len(known) else None
