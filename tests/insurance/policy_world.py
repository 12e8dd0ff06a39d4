"""A seller's book written down as short rows: the ledger tables, the use of a policy and a simulated year of it."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml
from pandas import DataFrame, Timestamp

from riskresearch.insurance.action_settings import ActionSettings
from riskresearch.insurance.cost import Cost
from riskresearch.insurance.indicators import PolicyUse, PolicyYear, YearAmounts, policy_use
from riskresearch.insurance.outcome import Option
from riskresearch.insurance.policy import Policy, policy_from_mapping
from riskresearch.insurance.settings import InsuranceSettings

CASES = Path(__file__).parents[1] / "cases" / "insurance" / "indicators.yaml"
DAY = "datetime64[us]"


def world() -> dict[str, Any]:
    return yaml.safe_load(CASES.read_text(encoding="utf-8"))


def policy_of(terms: list[dict[str, Any]], **others: Any) -> Policy:
    read = {"clause": "worked case", "source": "worked case"}
    identity = {
        "policy_id": "quote",
        "name": "Quote",
        "kind": "whole_turnover",
        "status": "example",
        "insurer": "test",
        "currency_code": "EUR",
        "start_date": date(2026, 1, 1),
        "end_date": date(2026, 12, 31),
    }
    return policy_from_mapping({**identity, **others, "terms": [{**term, **read} for term in terms]}, where="test")


def tables_of(content: Mapping[str, Any]) -> dict[str, DataFrame]:
    """Canonical tables of the rows, every act recorded on its day; amounts without VAT."""
    return {
        **_customer_tables(content["customers"]),
        **_invoice_tables(content["invoices"]),
        "limits": _limits(content["decisions"]),
        "insurer_claims": _claims(content["claims"]),
        "defaults": _dated(content["defaults"], ["customer_id", "default_date"], ["default_date"]),
        "events": _dated(
            [], ["customer_id", "event_code", "event_date", "recorded_date"], ["event_date", "recorded_date"]
        ),
        "ratings": _dated([], ["customer_id", "rating_date", "recorded_date"], ["rating_date", "recorded_date"]),
    }


def exposures_of(content: Mapping[str, Any]) -> DataFrame:
    rows = [[name, row[6], row[7]] for name, row in content["customers"].items()]
    return DataFrame(rows, columns=["customer_id", "pd_12m", "lgd_ratio"]).astype({"pd_12m": float, "lgd_ratio": float})


def use_of(content: Mapping[str, Any], **changed: DataFrame) -> PolicyUse:
    """Use of the policy on the day; tables given by name replace those of the rows, None takes one away."""
    tables = {name: frame for name, frame in (tables_of(content) | changed).items() if frame is not None}
    return policy_use(
        tables,
        exposures_of(content),
        policy_of(content["policy"]),
        ActionSettings(**content["settings"]),
        as_of=Timestamp(content["as_of"]),
    )


def year_of(content: Mapping[str, Any], use: PolicyUse | None) -> PolicyYear:
    given = content["year"]
    arrays = {name: np.array(given[name], dtype=float) for name in ("gross", "indemnity", "adjustment", "financing")}
    zero = np.zeros(len(given["gross"]))
    covers = DataFrame(given["covers"], columns=["covered_amount", "limit_amount", "insured_ratio"])
    covers = covers.assign(cover_code="named", is_lgd_assumed=False, exposure_amount=covers["covered_amount"])
    option = Option(
        option_id="quote",
        name="Quote",
        kind_code="whole_turnover",
        policy=policy_of(content["policy"]),
        cost=Cost(**given["cost"]),
        covers=covers,
        n_strata=2,
        weights=None,
        **arrays,
        contract_indemnity=arrays["indemnity"],
        retained=arrays["gross"] - arrays["indemnity"],
        insurer_recovery=zero,
        admin_amount=given["admin"],
        reasons={name: np.array(values, dtype=float) for name, values in given["reasons"].items()},
        used_up={name: np.array(values) for name, values in given["used_up"].items()},
    )
    settings = InsuranceSettings(confidence_ratio=0.75, actions=ActionSettings(**content["settings"]))
    return PolicyYear(option, self_insurance(option), settings, use, amounts_of(given))


def amounts_of(given: Mapping[str, Any]) -> YearAmounts:
    """What the budgets are held against: there is no VAT in the book, and the insurer recovers nothing."""
    names = ("first_loss_used", "before_maximum", "insured_amount")
    arrays = {name: np.array(given[name], dtype=float) for name in names}
    return YearAmounts(**arrays, rated_amount=given["cost"]["rated_amount"])


def self_insurance(option: Option) -> Option:
    zero = np.zeros_like(option.gross)
    return Option(
        option_id="self_insurance",
        name="self_insurance",
        kind_code="self_insurance",
        policy=None,
        cost=Cost(0.0, 0, 0.0, 0.0, 0.0, 0.0),
        covers=option.covers,
        n_strata=option.n_strata,
        weights=option.weights,
        gross=option.gross,
        indemnity=zero,
        contract_indemnity=zero,
        retained=option.gross,
        insurer_recovery=zero,
        adjustment=zero,
        financing=zero,
        admin_amount=0.0,
        reasons={"no_policy": option.gross},
        used_up={},
    )


def _dated(rows: list[list[Any]], names: list[str], dates: list[str]) -> DataFrame:
    frame = DataFrame(rows, columns=names)
    typed = {name: DAY if name in dates else "str" for name in names}
    return frame.astype(typed)


def _customer_tables(rows: Mapping[str, list[Any]]) -> dict[str, DataFrame]:
    names = ["customer_id", "sector_code", "country_code", "customer_type_code"]
    customers = DataFrame([[name, *row[:3]] for name, row in rows.items()], columns=names, dtype="str")
    behaviour = DataFrame(
        [[name, float(row[3]), row[4], float(row[5])] for name, row in rows.items()],
        columns=["customer_id", "sales_amount_12m", "n_receipts_12m", "days_beyond_terms_12m"],
    )
    behaviour = behaviour.assign(open_amount=0.0, terms_days=30.0, tenure_months=60.0)
    return {
        "customers": customers.assign(size_code="small", group_id=None).astype({"group_id": "str"}),
        "customer_behaviour": behaviour.astype({"customer_id": "str"}),
    }


def _invoice_tables(rows: Mapping[str, list[Any]]) -> dict[str, DataFrame]:
    names = ["invoice_id", "customer_id", "invoice_date", "due_date", "amount", "paid_date", "is_disputed"]
    frame = DataFrame([[name, *row] for name, row in rows.items()], columns=names)
    frame = frame.astype(
        {"invoice_date": DAY, "due_date": DAY, "paid_date": DAY, "invoice_id": "str", "customer_id": "str"}
    )
    minor = frame["amount"] * 100
    invoices = frame.assign(
        recorded_date=frame["invoice_date"],
        delivery_date=pd.NaT,
        gross_minor=minor,
        net_minor=minor,
        base_minor=minor,
        invoice_kind_code="invoice",
    ).astype({"delivery_date": DAY})
    item = frame.assign(item_id=frame["invoice_id"], known_date=frame["invoice_date"], base_minor=minor)
    paid = item[item["paid_date"].notna()].assign(known_date=frame["paid_date"], base_minor=-minor)
    disputes = frame.loc[frame["is_disputed"], ["invoice_id", "customer_id"]]
    return {
        "invoices": invoices,
        "movements": pd.concat([item, paid], ignore_index=True),
        "disputes": disputes.assign(
            opened_date=Timestamp("2025-12-05"), recorded_date=Timestamp("2025-12-05"), closed_date=pd.NaT
        ).astype({"opened_date": DAY, "recorded_date": DAY, "closed_date": DAY}),
    }


def _limits(rows: list[list[Any]]) -> DataFrame:
    names = ["customer_id", "requested_date", "start_date", "requested_minor", "base_minor"]
    frame = DataFrame(rows, columns=names).astype({"customer_id": "str", "requested_date": DAY, "start_date": DAY})
    frame[["requested_minor", "base_minor"]] *= 100
    return frame.assign(
        limit_id=[f"L{number:03d}" for number in range(len(frame))],
        limit_kind_code="insurer",
        end_date=pd.NaT,
        recorded_date=frame["start_date"],
    ).astype({"end_date": DAY})


def _claims(rows: Mapping[str, list[Any]]) -> DataFrame:
    names = ["claim_id", "customer_id", "declared_date", "filed_date", "loss_date", "decided_date", "rejection_code"]
    names += [
        "claimed_minor",
        "paid_date",
        "paid_minor",
        "recovered_date",
        "recovered_minor",
        "insurer_recovered_minor",
    ]
    frame = DataFrame([[name, *row] for name, row in rows.items()], columns=names)
    dates = {name: DAY for name in names if name.endswith("_date")}
    frame = frame.astype(dates | {"claim_id": "str", "customer_id": "str", "rejection_code": "str"})
    for name in (name for name in names if name.endswith("_minor")):
        frame[name] = (frame[name].astype("float64") * 100).astype("Int64")
    other = frame.assign(policy_id=None, event_code="insolvency", recorded_date=frame["declared_date"])
    return other.astype({"policy_id": "str"})
