"""Late payment of an invoice, and by how many days, foreseen from its date of issue.

Another target than default: it serves cash forecasting and dunning. History features use only what
was known before the invoice was issued; the learner sees only invoices whose outcome was known
before the test begins. The model stands beside the two simple rules it must beat: the customer's own
past late rate and its own mean delay.
"""

from collections.abc import Mapping

import lightgbm as lgb
import numpy as np
import pandas as pd
from pandas import DataFrame, Series, Timestamp
from scipy.special import expit
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from riskresearch.base.resampling import auc
from riskresearch.base.schema import Column, Table
from riskresearch.model.settings import ModelSettings

LATE_PAYMENT = Table(
    "late_payment",
    "model",
    "one row per candidate and measure, invoices due in the test period",
    ("model_code", "measure_code"),
    (
        Column("model_code", "code", "candidate", False, ("lightgbm", "logistic", "customer_history", "none")),
        Column(
            "measure_code",
            "code",
            "late_auc (late or not), late_brier, delay_mae (days)",
            False,
            ("late_auc", "late_brier", "delay_mae"),
        ),
        Column("value", "float", "value", True),
        Column("n_invoices", "int", "invoices of the test"),
        Column("test_start_date", "date", "first due date of the test", True),
        Column("reason_code", "code", "why there is no value", True, ("too_few_invoices", "no_due_date")),
    ),
)
LATE_PAYMENT_TABLES = (LATE_PAYMENT,)
MINIMUM_INVOICES = 500
ROWS_PER_LEAF = 500

_HISTORY = (
    "n_paid",
    "late_mean",
    "days_mean",
    "days_last",
    "days_last_3",
    "days_spread",
    "n_open",
    "n_overdue",
    "open_minor",
    "overdue_minor",
    "days_since_paid",
)
_INVOICE = ("amount_log", "amount_to_usual", "terms_days", "due_weekday", "due_day", "due_month")


def late_payment(
    tables: Mapping[str, DataFrame], settings: ModelSettings, *, as_of: Timestamp, test_start: Timestamp | None = None
) -> dict[str, DataFrame]:
    """Return table `late_payment`: the model beside the simple rules, out of time.

    Parameters
    ----------
    tables : ``movements``
    settings : seed
    as_of : last day that counts
    test_start : first due date of the test; without it the last quarter of the invoices is the test
    """
    rows = invoice_panel(tables["movements"], as_of=as_of)
    known = rows[rows["is_late"].notna()]
    if len(known) < MINIMUM_INVOICES:
        reason = "too_few_invoices" if rows["due_date"].notna().any() else "no_due_date"
        return {
            "late_payment": DataFrame(
                [
                    {
                        "model_code": "none",
                        "measure_code": "late_auc",
                        "value": np.nan,
                        "n_invoices": len(known),
                        "reason_code": reason,
                    }
                ]
            )
        }
    start = test_start if test_start is not None else known["due_date"].quantile(0.75, interpolation="nearest")
    train = known[(known["decided_date"] < start) & (known["due_date"] < start)]
    return {"late_payment": _measured(train, known[known["due_date"] >= start], settings).assign(test_start_date=start)}


def invoice_panel(moves: DataFrame, *, as_of: Timestamp) -> DataFrame:
    """Return one row per invoice with a due date: history known on its issue, and its outcome.

    Parameters
    ----------
    moves : table `movements`
    as_of : last day that counts

    Returns
    -------
    DataFrame ``item_id customer_id due_date`` with history and invoice features, ``is_late`` and
    ``decided_date`` (day the lateness was known; empty = not yet known), ``days_late`` (empty for
    invoices not settled by receipt).
    """
    known = moves[(moves["known_date"] <= as_of) & moves["due_date"].notna()]
    invoices = known[(known["movement_code"] == "invoice") & (known["invoice_kind_code"] != "opening_item")]
    rows = invoices.rename(columns={"known_date": "issued_date", "base_minor": "amount_minor"})
    rows = rows[["item_id", "customer_id", "issued_date", "invoice_date", "due_date", "amount_minor"]]
    rows = rows.merge(_settlement(known), on="item_id", how="left")
    rows = rows.assign(**_outcome(rows, as_of)).sort_values(
        ["issued_date", "customer_id", "item_id"], ignore_index=True
    )
    rows = _with_paid_history(rows)
    rows = _with_open_history(rows, known)
    return rows.assign(**_invoice_features(rows))


def _settlement(known: DataFrame) -> DataFrame:
    """Day on which the open amount of an invoice reached zero, and whether a receipt did it."""
    ordered = known.assign(first=(known["movement_code"] != "invoice")).sort_values(
        ["item_id", "first", "known_date", "movement_id"]
    )
    left = ordered.groupby("item_id")["base_minor"].cumsum()
    last = ordered.assign(left=left).groupby("item_id").tail(1)
    closed = last[(last["left"] <= 0) & (last["movement_code"] == "payment")]
    gone = last[(last["left"] <= 0) & ~last["movement_code"].isin(["payment", "invoice"])]
    paid = closed[["item_id", "effective_date", "known_date"]].rename(
        columns={"effective_date": "paid_date", "known_date": "paid_known_date"}
    )
    paid = paid.assign(closed_date=paid["paid_known_date"])
    removed = gone[["item_id"]].assign(is_removed=True, closed_date=gone["known_date"])
    return pd.concat([paid, removed], ignore_index=True)


def _outcome(rows: DataFrame, as_of: Timestamp) -> dict[str, Series]:
    days = (rows["paid_date"] - rows["due_date"]).dt.days
    unpaid_late = rows["paid_date"].isna() & (rows["due_date"] < as_of)
    after_due = rows["due_date"] + pd.Timedelta(days=1)
    late = (days > 0).astype("boolean").mask(days.isna() & ~unpaid_late).mask(unpaid_late, True)
    late = late.mask(rows["is_removed"].notna())
    decided = rows["paid_known_date"].where(rows["paid_known_date"] <= rows["due_date"], after_due)
    return {"is_late": late, "days_late": days, "decided_date": decided.where(late.notna())}


def _with_paid_history(rows: DataFrame) -> DataFrame:
    """Delays of the customer's invoices settled before the day of issue."""
    paid = rows[rows["paid_known_date"].notna()].sort_values(["paid_known_date", "item_id"])
    by = paid.groupby("customer_id")
    days, n = paid["days_late"], by.cumcount() + 1
    total, square = by["days_late"].cumsum(), (days**2).groupby(paid["customer_id"]).cumsum()
    history = DataFrame(
        {
            "customer_id": paid["customer_id"],
            "known": paid["paid_known_date"],
            "n_paid": n.astype(float),
            "late_mean": (days > 0).groupby(paid["customer_id"]).cumsum() / n,
            "days_mean": total / n,
            "days_last": days,
            "days_last_3": by["days_late"].rolling(3, min_periods=1).mean().reset_index(level=0, drop=True),
            "days_spread": np.sqrt((square / n - (total / n) ** 2).clip(lower=0)),
            "usual_minor": by["amount_minor"].cumsum() / n,
            "last_paid": paid["paid_known_date"],
        },
        index=paid.index,
    )
    joined = pd.merge_asof(
        rows, history, left_on="issued_date", right_on="known", by="customer_id", allow_exact_matches=False
    )
    since = (joined["issued_date"] - joined["last_paid"]).dt.days.astype(float)
    return joined.assign(n_paid=joined["n_paid"].fillna(0.0), days_since_paid=since).drop(
        columns=["known", "last_paid"]
    )


def _with_open_history(rows: DataFrame, known: DataFrame) -> DataFrame:
    """What the customer had open and overdue before the day of issue."""
    overdue_from = pd.concat([known["known_date"], known["due_date"] + pd.Timedelta(days=1)], axis=1).max(axis=1)
    late_from = pd.concat([rows["issued_date"], rows["due_date"] + pd.Timedelta(days=1)], axis=1).max(axis=1)
    late = rows["closed_date"].isna() | (rows["closed_date"] > late_from)
    closed = rows["closed_date"].notna()
    changes = pd.concat(
        [
            DataFrame(
                {"customer_id": known["customer_id"], "day": known["known_date"], "open_minor": known["base_minor"]}
            ),
            DataFrame({"customer_id": known["customer_id"], "day": overdue_from, "overdue_minor": known["base_minor"]}),
            _count(rows, "issued_date", "n_open", 1),
            _count(rows[closed], "closed_date", "n_open", -1),
            _count(rows.assign(late_from=late_from)[late], "late_from", "n_overdue", 1),
            _count(rows[late & closed], "closed_date", "n_overdue", -1),
        ],
        ignore_index=True,
    )
    measures = ["open_minor", "overdue_minor", "n_open", "n_overdue"]
    daily = changes.groupby(["customer_id", "day"])[measures].sum().groupby("customer_id").cumsum().reset_index()
    joined = pd.merge_asof(
        rows,
        daily.sort_values(["day", "customer_id"]),
        left_on="issued_date",
        right_on="day",
        by="customer_id",
        allow_exact_matches=False,
    )
    return joined.drop(columns="day")


def _count(rows: DataFrame, day: str, measure: str, step: int) -> DataFrame:
    return DataFrame({"customer_id": rows["customer_id"], "day": rows[day], measure: step})


def _invoice_features(rows: DataFrame) -> dict[str, Series]:
    due = rows["due_date"].dt
    return {
        "amount_log": np.log(rows["amount_minor"].clip(lower=1).astype(float)),
        "amount_to_usual": rows["amount_minor"] / rows["usual_minor"],
        "terms_days": (rows["due_date"] - rows["invoice_date"]).dt.days,
        "due_weekday": due.day_of_week,
        "due_day": due.day,
        "due_month": due.month,
    }


def _measured(train: DataFrame, test: DataFrame, settings: ModelSettings) -> DataFrame:
    names = [*_HISTORY, *_INVOICE]
    late, base = train["is_late"].astype(int), float(train["is_late"].astype(int).mean())
    rate = test["late_mean"].fillna(base)
    linear = _linear(train[names], late).decision_function(test[names].to_numpy(float))
    p_late = _boosted("binary", train[names], late, settings).predict(test[names].astype(float))
    timed, settled = train[train["days_late"].notna()], test["days_late"].notna()
    delay = _boosted("l1", timed[names], timed["days_late"], settings).predict(test.loc[settled, names].astype(float))
    usual = test.loc[settled, "days_mean"].fillna(float(timed["days_late"].median()))
    hit, days = test["is_late"].astype(int), test.loc[settled, "days_late"]
    has_both = 0 < hit.sum() < len(hit)
    rows = [
        ("lightgbm", "late_auc", auc(p_late, hit) if has_both else np.nan, len(test)),
        ("logistic", "late_auc", auc(linear, hit) if has_both else np.nan, len(test)),
        ("customer_history", "late_auc", auc(rate, hit) if has_both else np.nan, len(test)),
        ("lightgbm", "late_brier", float(np.mean((p_late - hit) ** 2)), len(test)),
        ("logistic", "late_brier", float(np.mean((expit(linear) - hit) ** 2)), len(test)),
        ("customer_history", "late_brier", float(np.mean((rate - hit) ** 2)), len(test)),
        ("lightgbm", "delay_mae", float(np.mean(np.abs(delay - days))), int(settled.sum())),
        ("customer_history", "delay_mae", float(np.mean(np.abs(usual - days))), int(settled.sum())),
    ]
    return DataFrame(rows, columns=["model_code", "measure_code", "value", "n_invoices"])


def _linear(features: DataFrame, late: Series) -> Pipeline:
    steps = SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True), StandardScaler()
    return make_pipeline(*steps, LogisticRegression(C=0.1, max_iter=2000)).fit(features.to_numpy(float), late)


def _boosted(objective: str, features: DataFrame, target: Series, settings: ModelSettings) -> lgb.Booster:
    parameters = {
        "objective": objective,
        "learning_rate": 0.05,
        "num_leaves": int(np.clip(len(features) // ROWS_PER_LEAF, 4, 31)),
        "min_data_in_leaf": 40,
        "lambda_l2": 5.0,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": 1,
        "seed": settings.seed,
        "verbosity": -1,
    }
    data = lgb.Dataset(features.astype(float).to_numpy(), target.to_numpy(float))
    return lgb.train(parameters, data, 300)
