"""Acts other than invoices and receipts on items, as numbers: payments, limits, ratings, promises, news."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from pandas import DataFrame, Index, Series

from riskresearch.behaviour.warnings.sequences import to_days
from riskresearch.ledger.movements import known_date
from riskresearch.ledger.tables import ACT_DATES

ACT_TABLES = ("disputes", "events", "ratings", "limits", "reminders", "bank_checks", "payments")


def gather_acts(tables: Mapping[str, DataFrame], customers: Index) -> dict[str, DataFrame]:
    """Return the acts of a ledger, each frame in the order the rows became known.

    Parameters
    ----------
    tables : canonical tables
    customers : customer ids; their place is their number

    Returns
    -------
    disputes : ``customer known day dispute_id invoice_id closed_day due_day``
    events : ``customer known day event_id event_code``
    ratings : ``customer known day provider_code rating_code series``; series joins customer and provider
    limits : ``customer known day limit_id limit_kind_code end_day minor``
    promises : ``customer known day reminder_id invoice_id promise_day promise_minor``
    bank_checks : ``customer known day check_id is_changed is_verified``
    payments : ``customer known day payment_id minor document_minor is_back returned_known account``; account −1 =
        not known, returned_known NaN = not returned
    """
    rows = {name: _in_order(tables[name], ACT_DATES[name], customers) for name in ACT_TABLES}
    return {
        "disputes": _disputes(rows["disputes"], tables["invoices"]),
        "events": _plain(rows["events"], ["event_id", "event_code"]),
        "ratings": _ratings(rows["ratings"]),
        "limits": _plain(rows["limits"], ["limit_id", "limit_kind_code"]).assign(
            end_day=to_days(rows["limits"]["end_date"]), minor=rows["limits"]["base_minor"].astype("float64")
        ),
        "promises": _promises(rows["reminders"]),
        "bank_checks": _plain(rows["bank_checks"], ["check_id"]).assign(
            **{name: rows["bank_checks"][name].fillna(False).astype("bool") for name in ("is_changed", "is_verified")}
        ),
        "payments": _payments(rows["payments"]),
    }


def _in_order(frame: DataFrame, act_date: str, customers: Index) -> DataFrame:
    known = to_days(known_date(frame, act_date))
    numbered = frame.assign(
        customer=customers.get_indexer(frame["customer_id"]), known=known, day=to_days(frame[act_date])
    )
    return numbered.iloc[np.argsort(known, kind="stable")].reset_index(drop=True)


def _plain(rows: DataFrame, names: list[str]) -> DataFrame:
    """The named columns as Python objects, which are faster to choose from than strings."""
    return rows[["customer", "known", "day"]].assign(**{name: rows[name].astype(object) for name in names})


def _disputes(rows: DataFrame, invoices: DataFrame) -> DataFrame:
    invoices = invoices[invoices["invoice_id"].isin(rows["invoice_id"])]
    due = Series(to_days(invoices["due_date"]), index=Index(invoices["invoice_id"])).reindex(rows["invoice_id"])
    return _plain(rows, ["dispute_id", "invoice_id"]).assign(
        closed_day=to_days(rows["closed_date"]), due_day=due.to_numpy(float)
    )


def _ratings(rows: DataFrame) -> DataFrame:
    provider = pd.factorize(rows["provider_code"])[0]
    width = int(provider.max()) + 1 if len(rows) else 1
    return _plain(rows, ["provider_code", "rating_code"]).assign(series=rows["customer"] * width + provider)


def _promises(rows: DataFrame) -> DataFrame:
    given = rows[(rows["action_code"] == "promise") & rows["promise_date"].notna()].reset_index(drop=True)
    return _plain(given, ["reminder_id", "invoice_id"]).assign(
        promise_day=to_days(given["promise_date"]),
        promise_minor=given["promise_minor"].astype("Float64").to_numpy(float, na_value=np.nan),
    )


def _payments(rows: DataFrame) -> DataFrame:
    back = rows[rows["reversal_of_id"].notna()]
    returned = Series(back["known"].to_numpy(), index=Index(back["reversal_of_id"].astype(object)))
    returned = returned[~returned.index.duplicated()]
    account = Series(-1, index=rows.index)
    paid_from = rows["payer_account_code"].notna()
    account[paid_from] = pd.factorize(rows.loc[paid_from, "payer_account_code"])[0]
    return _plain(rows, ["payment_id"]).assign(
        minor=rows["base_minor"].astype("float64"),
        document_minor=rows["amount_minor"].astype("int64"),
        is_back=rows["reversal_of_id"].notna(),
        returned_known=returned.reindex(rows["payment_id"].astype(object)).to_numpy(float),
        account=account,
    )
