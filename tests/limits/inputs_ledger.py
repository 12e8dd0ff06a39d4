"""Tables that `limit_inputs` reads, made from small ledgers as known on a day."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from limits.credit_policies import policy_with
from pandas import DataFrame, Timestamp
from random_ledger import START, random_case
from small_ledger import day

from riskresearch.base.schema import check, empty
from riskresearch.behaviour.incidents import IncidentSettings, incidents
from riskresearch.behaviour.warnings.tables import WARNINGS
from riskresearch.ledger.default import DefaultSettings
from riskresearch.ledger.known import known_tables
from riskresearch.ledger.ledger import Ledger
from riskresearch.ledger.tables import LEDGER_TABLES
from riskresearch.ledger.worked import worked_ledger
from riskresearch.limits.inputs.build import limit_inputs
from riskresearch.model.expert.gate import GATES
from riskresearch.model.tables import GRADE_SCALE, RATING_HISTORY, SCORED

POLICY = policy_with()
SCALE = check(
    DataFrame(
        {
            "grade_code": ["A", "B", "C", "X"],
            "pd_low": [0.0, 0.01, 0.1, 1.0],
            "pd_high": [0.01, 0.1, 1.0, 1.0],
            "segment_code": ["reliable", "to_watch", "risky", "defaulted"],
        }
    ),
    GRADE_SCALE,
)


def ledger_of(**lists: Any) -> Ledger:
    """Return the ledger of a worked case; ``financials`` are written with their canonical columns."""
    accounts = lists.pop("financials", [])
    made = worked_ledger({"name": "limits", **lists})
    if not accounts:
        return made
    table = next(t for t in LEDGER_TABLES if t.name == "financials")
    frame = DataFrame(accounts)
    for name in ("period_end_date", "published_date"):
        frame[name] = pd.to_datetime(frame[name])
    return replace(made, tables={**made.tables, "financials": check(frame, table)})


def tables_on(ledger: Ledger, as_of: str | Timestamp, **given: DataFrame) -> dict[str, DataFrame]:
    """Return the tables of a run of that date; ``pds`` ``customer_id observation_date pd`` makes history and scores."""
    on = day(str(as_of)) if isinstance(as_of, str) else as_of
    tables = known_tables(ledger, DefaultSettings(), as_of=on)
    pds = given.pop("pds", DataFrame(columns=["customer_id", "observation_date", "pd"]))
    return (
        tables
        | {
            "incidents": incidents(tables, IncidentSettings(), as_of=on),
            "warnings": empty(WARNINGS),
            "gates": empty(GATES),
            "grade_scale": SCALE,
            "rating_history": _history(pds, on),
            "scored": _scored(pds, tables["customers"], on),
        }
        | given
    )


def inputs_on(
    tables: Mapping[str, DataFrame], as_of: str | Timestamp, first: str | Timestamp | None = None, **more: Any
) -> DataFrame:
    """Return `limit_inputs` of a date, from the first review date on (default: the date alone)."""
    on, start = pd.Timestamp(as_of), pd.Timestamp(first if first is not None else as_of)
    how = {"currency_code": "EUR"} | more
    return limit_inputs(tables, POLICY, as_of=on.as_unit("us"), first_review_date=start.as_unit("us"), **how)


def row_of(frame: DataFrame, customer_id: str = "C1", on: str | None = None) -> Mapping[str, Any]:
    """Return the row of a customer and day; the last one where no day is given."""
    rows = frame[frame["customer_id"] == customer_id].set_index("review_date")
    found: Mapping[str, Any] = rows.loc[pd.Timestamp(on) if on else rows.index.max()]
    return found


@cache
def busy_ledger(seed: int) -> Ledger:
    """Return a random ledger in which every table that the inputs read has rows, some of them recorded late."""
    case, rng = random_case(seed, n_customers=6, n_invoices=60), np.random.default_rng([seed, 2])
    names = [row["id"] for row in case["customers"]]
    begun = {"C0": "2015-05-01", "C1": "2023-02-01", "C2": "2024-01-15"}
    case["customers"] = [{**row, "since": begun.get(row["id"])} for row in case["customers"]]

    def dated(key: str, spread: int = 700) -> dict[str, str]:
        when = START + pd.Timedelta(days=int(rng.integers(0, spread)))
        late = when + pd.Timedelta(days=int(rng.choice([0, 0, 12, 40])))
        return {key: str(when.date()), "recorded": str(late.date())}

    def after(row: Mapping[str, str], key: str, days: int) -> str:
        return str((pd.Timestamp(row[key]) + pd.Timedelta(days=int(rng.integers(1, days)))).date())

    def rows(n: int, key: str) -> list[dict[str, Any]]:
        return [{"customer": str(rng.choice(names)), **dated(key)} for _ in range(n)]

    codes = ["insolvency", "insolvency_closed", "litigation", "write_off", "insurer_claim", "legal_notice"]
    case["events"] = [{**row, "code": str(rng.choice(codes))} for row in rows(12, "date")]
    kinds = ["internal", "internal", "temporary", "insurer", "bureau"]
    case["limits"] = [
        {**row, "kind": str(rng.choice(kinds)), "amount": int(rng.integers(0, 9)) * 1000}
        | ({"end": after(row, "recorded", 200)} if rng.random() < 0.5 else {})
        for row in rows(40, "start")
    ]
    case["reminders"] = [
        {**row, "action": "promise", "promised": after(row, "date", 30), "amount": 50.0} for row in rows(12, "date")
    ]
    case["orders"] = [
        {**row, "amount": float(rng.integers(100, 5000))}
        | ({"delivery": after(row, "date", 60)} if rng.random() < 0.7 else {})
        | ({"invoiced": after(row, "recorded", 90)} if rng.random() < 0.6 else {})
        for row in rows(25, "date")
    ]
    securities = ["deposit", "parent_guarantee", "insured_limit", "delegation_of_payment"]
    case["guarantees"] = [
        {**row, "code": str(rng.choice(securities)), "amount": 1000.0, "end": after(row, "recorded", 300)}
        for row in rows(15, "start")
    ]
    accounts = [
        {
            "customer_id": name,
            "period_end_date": f"{year}-12-31",
            "published_date": f"{year + 1}-{int(rng.integers(4, 12)):02d}-15",
            "revenue_minor": int(rng.integers(1, 9)) * 10**7,
            "net_worth_minor": int(rng.integers(-2, 9)) * 10**6,
        }
        for name in names
        for year in (2021, 2022, 2023)
        if rng.random() < 0.7
    ]
    return ledger_of(**{key: value for key, value in case.items() if key not in ("name", "as_of")}, financials=accounts)


def random_pds(ledger: Ledger, *, seed: int, first: str, last: str) -> DataFrame:
    """Return a PD for most customers and month ends."""
    rng = np.random.default_rng([seed, 3])
    days = pd.date_range(first, last, freq="ME").as_unit("us")
    keys = pd.MultiIndex.from_product(
        [ledger["customers"]["customer_id"], days], names=["customer_id", "observation_date"]
    )
    frame = keys.to_frame(index=False).assign(pd=rng.beta(1, 15, len(keys)))
    return frame[rng.random(len(frame)) < 0.8].reset_index(drop=True)


def _history(pds: DataFrame, on: Timestamp) -> DataFrame:
    rows = pds[pds["observation_date"] <= on]
    filled = {"sample_code": "out_of_time", "pd_12m": 0.5, "grade_code": "C", "pd_known_12m": rows["pd"]}
    return check(rows.drop(columns="pd").assign(**filled), RATING_HISTORY)


def _scored(pds: DataFrame, customers: DataFrame, on: Timestamp) -> DataFrame:
    rows = pds[(pds["observation_date"] == on) & pds["customer_id"].isin(customers["customer_id"])]
    grade = np.select([rows["pd"] <= 0.01, rows["pd"] <= 0.1], ["A", "B"], "C")
    return check(
        rows.rename(columns={"pd": "pd_12m"}).assign(
            customer_status_code="active",
            n_months_history=12,
            is_pd_floored=False,
            lgd_ratio=0.6,
            grade_code=grade,
            segment_code="to_watch",
            pd_source_code="lightgbm",
        ),
        SCORED,
    )
