"""Accounts customers pay from, and the checks of their bank details: a change is rare and mostly verified."""

import hashlib

import numpy as np
import pandas as pd
from numpy.random import Generator
from pandas import DataFrame, Series, Timestamp

from riskresearch.ledger.synthetic.books import number_ids
from riskresearch.ledger.synthetic.timeline import Bools

UNTOLD_SHARE, ROUTINE_SHARE, VERIFIED_SHARE = 0.01, 0.35, 0.85
CHECK_DAYS = 12
WITH_ACCOUNT = ("transfer", "direct_debit")
CODE_LENGTH = 10


def payer_accounts(payments: DataFrame, events: DataFrame, *, rng: Generator) -> Series:
    """Return the code of the account each receipt came from: a new one after each change of bank details.

    A few customers pay from another account once without telling.
    """
    changes = events.loc[events["event_code"] == "bank_change", ["customer_id", "event_date"]]
    rows = payments[["customer_id", "value_date"]].reset_index()
    pairs = rows.merge(changes, on="customer_id")
    version = pairs[pairs["event_date"] <= pairs["value_date"]].groupby("index").size()
    number = version.reindex(payments.index).fillna(0).astype("int64").to_numpy()
    untold = rng.random(len(payments)) < UNTOLD_SHARE * (payments["amount_minor"] > 0).to_numpy()
    names = payments["customer_id"].astype("str") + "/" + Series(number, index=payments.index).astype("str")
    names = names.mask(untold, names + "/other")
    known = {name: "ACC" + hashlib.sha256(name.encode()).hexdigest()[:CODE_LENGTH] for name in names.unique()}
    codes = names.map(known).astype("str").where(payments["method_code"].isin(WITH_ACCOUNT))
    back = payments["reversal_of_id"].map(codes.set_axis(payments["payment_id"]))
    return codes.mask(back.notna(), back)


def bank_checks_table(events: DataFrame, customers: DataFrame, *, last_date: Timestamp, rng: Generator) -> DataFrame:
    """Return canonical table `bank_checks`: one after each change that was told, and routine ones."""
    changes = events[events["event_code"] == "bank_change"]
    waited = pd.to_timedelta(rng.integers(0, CHECK_DAYS, len(changes)), unit="D")
    verified = rng.random(len(changes)) < VERIFIED_SHARE
    told = _checks(changes["customer_id"], changes["event_date"] + waited, is_changed=True, is_verified=verified)
    chosen = customers[rng.random(len(customers)) < ROUTINE_SHARE]
    years = pd.to_timedelta(365 * rng.uniform(0.5, 2.5, len(chosen)), unit="D").floor("D")
    day = chosen["relationship_start_date"] + years
    routine = _checks(chosen["customer_id"], day, is_changed=False, is_verified=np.ones(len(chosen), dtype=bool))
    rows = pd.concat([part for part in (told, routine) if len(part)] or [told], ignore_index=True)
    rows = rows[rows["check_date"] <= last_date].sort_values(["check_date", "customer_id"], ignore_index=True)
    return rows.assign(check_id=number_ids("K", len(rows)), recorded_date=rows["check_date"])


def _checks(customer_id: Series, day: Series, *, is_changed: bool, is_verified: Bools) -> DataFrame:
    return DataFrame(
        {
            "customer_id": customer_id,
            "check_date": day.astype("datetime64[us]"),
            "is_changed": Series(is_changed, index=customer_id.index, dtype="boolean"),
            "is_verified": Series(is_verified, index=customer_id.index, dtype="boolean"),
        }
    )
