"""Control of customers' bank details: changes, verifications that are due, payments from an unknown account."""

from collections.abc import Mapping

import pandas as pd
from pandas import DataFrame, DateOffset, Series, Timestamp

from riskresearch.base.schema import Column, Table
from riskresearch.monitoring.day_numbers import dates_for, known_on
from riskresearch.monitoring.settings import BankSettings

CONTROLS = ("change_found", "change_reported", "new_account", "verification_due", "never_verified")
BANK_ACTIONS = ("call_back", "ask_payer", "verify", "none")
ACTION_OF: Mapping[str, str] = {
    "change_found": "call_back",
    "change_reported": "call_back",
    "new_account": "ask_payer",
    "verification_due": "verify",
    "never_verified": "verify",
}

BANK_CONTROLS = Table(
    "bank_controls",
    "monitoring",
    "one row per thing to control or controlled: a change, a new account, a verification",
    ("customer_id", "control_code", "reference_id"),
    (
        Column("customer_id", "text", "customer account"),
        Column("control_code", "code", "what is to be controlled", False, CONTROLS),
        Column("reference_id", "text", "check or event, hash of the account, or the customer"),
        Column("control_date", "date", "day of the change, of the first payment, or the verification fell due", True),
        Column("last_verified_date", "date", "last verification that confirmed the details", True),
        Column("is_settled", "bool", "confirmed since"),
        Column("n_payments", "int", "payments from the new account", True),
        Column("paid_amount", "float", "received from it, run currency", True),
        Column("control_action_code", "code", "what to do", False, BANK_ACTIONS),
    ),
)


def bank_controls(tables: Mapping[str, DataFrame], settings: BankSettings, *, as_of: Timestamp) -> DataFrame:
    """Return table `bank_controls`.

    A change, a verification that failed and an account never seen before are settled by a verification that
    confirms the details on that day or later; until then the customer is called back on a number known before, and
    nothing is paid back to it. The first account a customer pays from is not a change. Settled changes and new
    accounts leave the list after `bank_change_months`; a change that nobody confirmed stays on it.

    Parameters
    ----------
    tables : ``bank_checks events payments customer_behaviour``
    settings : validity of a verification, months that are listed
    as_of : last day that counts
    """
    checks = known_on(tables["bank_checks"], "check_date", as_of=as_of)
    verified = checks[checks["is_verified"].astype(bool)].groupby("customer_id")["check_date"].max()
    since = as_of - DateOffset(months=settings.bank_change_months)
    parts = [
        _changes(checks, known_on(tables["events"], "event_date", as_of=as_of)),
        _new_accounts(known_on(tables["payments"], "value_date", as_of=as_of), since=since),
        _verifications(tables["customer_behaviour"], verified, settings, as_of=as_of),
    ]
    rows = pd.concat(parts, ignore_index=True)
    last = dates_for(rows["customer_id"], verified)
    is_change = rows["control_code"].isin(["change_found", "change_reported"])
    settled = (is_change | (rows["control_code"] == "new_account")) & (last >= rows["control_date"])
    action = rows["control_code"].map(ACTION_OF).astype("str").mask(settled, "none")
    rows = rows.assign(last_verified_date=last, is_settled=settled, control_action_code=action)
    rows = rows[~is_change | ~settled | (rows["control_date"] > since)]
    return rows.sort_values(list(BANK_CONTROLS.keys), ignore_index=True)


def _changes(checks: DataFrame, events: DataFrame) -> DataFrame:
    found = checks[checks["is_changed"].astype(bool)]
    reported = events[events["event_code"] == "bank_change"]
    return pd.concat(
        [
            _rows(found["customer_id"], "change_found", found["check_id"], found["check_date"]),
            _rows(reported["customer_id"], "change_reported", reported["event_id"], reported["event_date"]),
        ]
    )


def _new_accounts(payments: DataFrame, *, since: Timestamp) -> DataFrame:
    """Accounts first paid from after the customer's first known day of payment with an account."""
    received = payments[payments["payer_account_code"].notna() & (payments["base_minor"] > 0)]
    received = received.assign(known_date=received[["value_date", "recorded_date"]].max(axis=1))
    accounts = (
        received.groupby(["customer_id", "payer_account_code"])
        .agg(first_date=("known_date", "min"), n_payments=("known_date", "size"), minor=("base_minor", "sum"))
        .reset_index()
    )
    first = accounts.groupby("customer_id")["first_date"].transform("min")
    new = accounts[(accounts["first_date"] > first) & (accounts["first_date"] > since)]
    rows = _rows(new["customer_id"], "new_account", new["payer_account_code"], new["first_date"])
    return rows.assign(n_payments=new["n_payments"].astype("Int64"), paid_amount=new["minor"].astype("float64") / 100)


def _verifications(behaviour: DataFrame, verified: Series, settings: BankSettings, *, as_of: Timestamp) -> DataFrame:
    """Active customers whose last verification is too old, or that never had one."""
    active = behaviour[(behaviour["sales_amount_12m"] > 0) | (behaviour["open_amount"] > 0)]["customer_id"]
    due = dates_for(active, verified) + DateOffset(months=settings.bank_check_months)
    late, never = active[due <= as_of], active[due.isna()]
    return pd.concat(
        [
            _rows(late, "verification_due", late, due[due <= as_of]),
            _rows(never, "never_verified", never, due[due.isna()]),
        ]
    )


def _rows(customer: Series, control: str, reference: Series, date: Series) -> DataFrame:
    return DataFrame(
        {
            "customer_id": customer,
            "control_code": control,
            "reference_id": reference,
            "control_date": date,
            "n_payments": Series(pd.NA, index=customer.index, dtype="Int64"),
            "paid_amount": Series(float("nan"), index=customer.index),
        }
    )
