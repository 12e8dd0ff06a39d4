"""Onboarding gate: accounts, debt ratio and collective proceedings, before any commitment."""

from collections.abc import Collection, Mapping

import numpy as np
from pandas import DataFrame, NaT, Series, Timestamp
from pydantic import Field, field_validator

from riskresearch.base.config import StageSettings
from riskresearch.base.schema import Column, Table
from riskresearch.ledger.codes import CUSTOMER, EVENTS
from riskresearch.ledger.movements import known_date
from riskresearch.model.expert.accounts import latest_accounts

GATE_CODES = ("pass", "fail", "unknown")
GATE_REASONS = (
    "open_insolvency",
    "recent_event",
    "default_rated",
    "negative_net_worth",
    "debt_too_high",
    "no_accounts",
    "accounts_too_old",
    "no_debt_ratio",
    "no_events",
    "all_checks_passed",
)
PROCEEDINGS = ("open_insolvency", "recent_event", "default_rated")
_MONTHS_PER_DAY = 12 / 365

GATES = Table(
    "gates",
    "model",
    "one row per customer",
    ("customer_id",),
    (
        CUSTOMER,
        Column("gate_code", "code", "outcome of the three checks together", False, GATE_CODES),
        Column("gate_reason_code", "code", "gravest reason", False, GATE_REASONS),
        Column("accounts_check_code", "code", "recent accounts are published", False, GATE_CODES),
        Column("debt_check_code", "code", "debt is bearable", False, GATE_CODES),
        Column("proceedings_check_code", "code", "no collective proceedings or like event", False, GATE_CODES),
    ),
)


class GateSettings(StageSettings):
    """Onboarding gate."""

    gate_accounts_max_age_months: float = Field(
        24.0, gt=0, le=120, description="oldest accounts the gate accepts, months from closing; own judgement"
    )
    gate_max_debt_ratio: float = Field(
        0.8, gt=0, le=1, description="largest share of debt in debt and net worth that passes; own judgement"
    )
    gate_event_codes: tuple[str, ...] = Field(
        ("insolvency", "write_off", "litigation", "moratorium", "insurer_claim"),
        min_length=1,
        description="events that fail the gate; source: those that are a default by themselves",
    )
    gate_event_months: float = Field(
        24.0, gt=0, le=120, description="months such an event counts, an insolvency from its closing; own judgement"
    )

    @field_validator("gate_event_codes")
    @classmethod
    def _are_events(cls, codes: tuple[str, ...]) -> tuple[str, ...]:
        unknown = [code for code in codes if code not in EVENTS]
        if unknown:
            raise ValueError(f"{', '.join(unknown)}: no kind of event; allowed are {', '.join(EVENTS)}")
        return codes


def gate(
    tables: Mapping[str, DataFrame], settings: GateSettings, *, as_of: Timestamp, default_rated: Collection[str] = ()
) -> DataFrame:
    """Return table `gates`: pass, fail or unknown for every customer, with the gravest reason.

    Three checks: recent accounts are published; the share of debt is not too high and net worth not negative; no
    insolvency is open, no grave event is recent and no provider rates the customer as in default. One failed check
    fails the gate; else one check that cannot be made leaves it unknown. Accounts that are too old leave both the
    first and the second check unknown. Where the ledger knows no event of any customer, silence proves nothing and the
    third check is unknown.

    Parameters
    ----------
    tables : canonical tables ``customers financials events``
    settings : ages, debt ratio, events
    as_of : last day that counts; accounts are seen from their publication, events from the day they were recorded;
        their age runs from the closing date and from the day they happened
    default_rated : customers that a provider of external ratings says are in default

    Returns
    -------
    DataFrame ``customer_id gate_code gate_reason_code accounts_check_code debt_check_code proceedings_check_code``,
    sorted by customer.
    """
    rows = tables["customers"][["customer_id"]].sort_values("customer_id", ignore_index=True)
    rows = rows.merge(latest_accounts(tables["financials"], as_of=as_of), on="customer_id", how="left")
    is_open, is_recent, has_events = _proceedings(rows["customer_id"], tables["events"], settings, as_of)
    is_old = rows["accounts_age_months"] > settings.gate_accounts_max_age_months
    has_accounts = rows["accounts_age_months"].notna()
    is_negative = (rows["net_worth_minor"] < 0) & ~is_old
    reasons = {
        "open_insolvency": is_open,
        "recent_event": is_recent,
        "default_rated": rows["customer_id"].isin(default_rated),
        "negative_net_worth": is_negative,
        "debt_too_high": (rows["debt_ratio"] > settings.gate_max_debt_ratio) & ~is_old,
        "no_accounts": ~has_accounts,
        "accounts_too_old": is_old,
        "no_debt_ratio": rows["debt_ratio"].isna() & ~is_negative & has_accounts & ~is_old,
        "no_events": Series(not has_events, index=rows.index),
    }
    reason = np.select(list(reasons.values()), list(reasons), "all_checks_passed")
    checks = {
        "accounts_check_code": _check(reasons, (), ("no_accounts", "accounts_too_old")),
        "debt_check_code": _check(
            reasons, ("negative_net_worth", "debt_too_high"), ("no_accounts", "accounts_too_old", "no_debt_ratio")
        ),
        "proceedings_check_code": _check(reasons, PROCEEDINGS, ("no_events",)),
    }
    codes = DataFrame(checks)
    code = np.select([(codes == "fail").any(axis=1), (codes == "unknown").any(axis=1)], ["fail", "unknown"], "pass")
    return rows.assign(gate_code=code, gate_reason_code=reason, **checks)[GATES.names]


def _check(reasons: Mapping[str, Series], fails: tuple[str, ...], unknowns: tuple[str, ...]) -> Series:
    result = Series("pass", index=reasons["no_accounts"].index)
    for name in unknowns:
        result = result.mask(reasons[name], "unknown")
    for name in fails:
        result = result.mask(reasons[name], "fail")
    return result


def _proceedings(
    customers: Series, events: DataFrame, settings: GateSettings, as_of: Timestamp
) -> tuple[Series, Series, bool]:
    """Whether an insolvency is open and whether a grave event is recent, by customer; whether any event is known."""
    known = events[known_date(events, "event_date") <= as_of]
    last = {
        code: customers.map(rows.groupby("customer_id")["event_date"].max())
        for code, rows in known.groupby("event_code")
    }
    never = Series(NaT, index=customers.index, dtype="datetime64[us]")
    opened, closed = last.get("insolvency", never), last.get("insolvency_closed", never)
    is_open = opened.notna() & ~(closed >= opened)
    watched = {*settings.gate_event_codes, "insolvency_closed"}
    latest = DataFrame({code: days for code, days in last.items() if code in watched} | {"none": never}).max(axis=1)
    is_recent = (as_of - latest).dt.days * _MONTHS_PER_DAY <= settings.gate_event_months
    return is_open, is_recent, len(known) > 0
