"""The classic leaks of default models, written as an analyst would, each beside the way that keeps to what was known.

`riskresearch lookahead --ledger FOLDER --python tests/model/leaky_features.py:every_leak`
"""

from collections.abc import Callable, Mapping, Sequence

import pandas as pd
from pandas import DataFrame, Series, Timestamp

Tables = Mapping[str, DataFrame]
By = Callable[[Tables, Timestamp], Series]


def _panel(value: By) -> Callable[[Tables, Sequence[Timestamp]], DataFrame]:
    """One row per customer and date; customers without a value stay, empty."""

    def make(tables: Tables, dates: Sequence[Timestamp]) -> DataFrame:
        names = tables["customers"]["customer_id"]
        parts = [
            DataFrame({"customer_id": names, "observation_date": date, value.__name__: names.map(value(tables, date))})
            for date in dates
        ]
        return pd.concat(parts, ignore_index=True)

    return make


def _known(frame: DataFrame, act_date: str, date: Timestamp) -> DataFrame:
    return frame[frame[[act_date, "recorded_date"]].max(axis=1) <= date]


def _latest(frame: DataFrame, act_date: str, column: str) -> Series:
    return frame.sort_values(act_date, kind="stable").groupby("customer_id")[column].last()


def _delays(tables: Tables, until: Timestamp | None) -> DataFrame:
    moves = tables["movements"]
    paid = moves[moves["movement_code"] == "payment"]
    paid = paid if until is None else paid[paid["known_date"] <= until]
    return paid.assign(delay_days=(paid["effective_date"] - paid["due_date"]).dt.days)


@_panel
def settlement_date(tables: Tables, date: Timestamp) -> Series:
    """Days to pay of the invoices issued up to the date, open ones included: they are paid later."""
    paid = _delays(tables, None)
    paid = paid[paid["invoice_date"] <= date]
    return (paid["effective_date"] - paid["invoice_date"]).dt.days.groupby(paid["customer_id"]).mean()


@_panel
def settlement_date_as_known(tables: Tables, date: Timestamp) -> Series:
    paid = _delays(tables, date)
    return (paid["effective_date"] - paid["invoice_date"]).dt.days.groupby(paid["customer_id"]).mean()


@_panel
def final_status(tables: Tables, date: Timestamp) -> Series:
    """Whether all that was invoiced up to the date is settled, as the file says today."""
    moves = tables["movements"]
    return moves[moves["invoice_date"] <= date].groupby("customer_id")["base_minor"].sum() <= 0


@_panel
def final_status_as_known(tables: Tables, date: Timestamp) -> Series:
    moves = tables["movements"]
    return moves[moves["known_date"] <= date].groupby("customer_id")["base_minor"].sum() <= 0


@_panel
def customer_mean(tables: Tables, date: Timestamp) -> Series:
    """Mean delay of a customer over the whole file, repeated on every date."""
    paid = _delays(tables, None)
    return paid.groupby("customer_id")["delay_days"].mean()


@_panel
def customer_mean_as_known(tables: Tables, date: Timestamp) -> Series:
    paid = _delays(tables, date)
    return paid.groupby("customer_id")["delay_days"].mean()


@_panel
def sector_default_rate(tables: Tables, date: Timestamp) -> Series:
    """Target encoding: share of defaulters of the customer's sector, counted over the whole file."""
    return _of_sector(tables, tables["defaults"])


@_panel
def sector_default_rate_as_known(tables: Tables, date: Timestamp) -> Series:
    spells = tables["defaults"]
    return _of_sector(tables, spells[spells["default_date"] <= date])


def _of_sector(tables: Tables, spells: DataFrame) -> Series:
    customers = tables["customers"].set_index("customer_id")["sector_code"]
    hit = Series(customers.index.isin(spells["customer_id"]), index=customers.index)
    return hit.groupby(customers).transform("sum")


@_panel
def dunning_stage(tables: Tables, date: Timestamp) -> Series:
    """Steps of dunning of a customer, whenever they were taken."""
    return tables["reminders"].groupby("customer_id").size()


@_panel
def dunning_stage_as_known(tables: Tables, date: Timestamp) -> Series:
    return _known(tables["reminders"], "reminder_date", date).groupby("customer_id").size()


@_panel
def backdated_credit_note(tables: Tables, date: Timestamp) -> Series:
    """Credit notes by the date they bear, not by the day they were booked."""
    notes = tables["credit_notes"]
    return notes[notes["credit_note_date"] <= date].groupby("customer_id")["base_minor"].sum()


@_panel
def backdated_credit_note_as_known(tables: Tables, date: Timestamp) -> Series:
    return _known(tables["credit_notes"], "credit_note_date", date).groupby("customer_id")["base_minor"].sum()


@_panel
def limit_of_today(tables: Tables, date: Timestamp) -> Series:
    """The limit on the customer's card today, cut since because of the default."""
    own = tables["limits"]
    return _latest(own[own["limit_kind_code"] == "internal"], "start_date", "base_minor")


@_panel
def limit_of_today_as_known(tables: Tables, date: Timestamp) -> Series:
    own = _known(tables["limits"], "start_date", date)
    return _latest(own[own["limit_kind_code"] == "internal"], "start_date", "base_minor")


@_panel
def insurer_decision(tables: Tables, date: Timestamp) -> Series:
    """The insurer's latest decision, whenever it was taken."""
    own = tables["limits"]
    return _latest(own[own["limit_kind_code"] == "insurer"], "start_date", "base_minor")


@_panel
def insurer_decision_as_known(tables: Tables, date: Timestamp) -> Series:
    own = _known(tables["limits"], "start_date", date)
    return _latest(own[own["limit_kind_code"] == "insurer"], "start_date", "base_minor")


@_panel
def terms_of_today(tables: Tables, date: Timestamp) -> Series:
    """Payment terms of the customer's last invoice: shortened to prepayment once it had defaulted."""
    bills = tables["invoices"]
    return _latest(bills.assign(days=(bills["due_date"] - bills["invoice_date"]).dt.days), "invoice_date", "days")


@_panel
def terms_of_today_as_known(tables: Tables, date: Timestamp) -> Series:
    bills = _known(tables["invoices"], "invoice_date", date)
    return _latest(bills.assign(days=(bills["due_date"] - bills["invoice_date"]).dt.days), "invoice_date", "days")


@_panel
def accounts_by_closing_date(tables: Tables, date: Timestamp) -> Series:
    """Net worth in the accounts closed by the date; they are published months later."""
    accounts = tables["financials"]
    return _latest(accounts[accounts["period_end_date"] <= date], "period_end_date", "net_worth_minor")


@_panel
def accounts_by_closing_date_as_known(tables: Tables, date: Timestamp) -> Series:
    accounts = tables["financials"]
    return _latest(accounts[accounts["published_date"] <= date], "period_end_date", "net_worth_minor")


@_panel
def rating_of_today(tables: Tables, date: Timestamp) -> Series:
    """The customer's rating on file today; D was given for the default."""
    return _latest(tables["ratings"], "rating_date", "rating_code")


@_panel
def rating_of_today_as_known(tables: Tables, date: Timestamp) -> Series:
    return _latest(_known(tables["ratings"], "rating_date", date), "rating_date", "rating_code")


@_panel
def disputed_flag(tables: Tables, date: Timestamp) -> Series:
    """Invoices issued up to the date that were ever disputed, like the flag `Disputed` of an invoice file."""
    bills = tables["invoices"]
    flagged = bills["invoice_id"].isin(tables["disputes"]["invoice_id"]) & (bills["invoice_date"] <= date)
    return flagged.groupby(bills["customer_id"]).sum()


@_panel
def disputed_flag_as_known(tables: Tables, date: Timestamp) -> Series:
    bills = tables["invoices"]
    known = _known(tables["disputes"], "opened_date", date)
    flagged = bills["invoice_id"].isin(known["invoice_id"]) & (bills["invoice_date"] <= date)
    return flagged.groupby(bills["customer_id"]).sum()


@_panel
def proceedings_flag(tables: Tables, date: Timestamp) -> Series:
    """The box `in collective proceedings` of the customer's card today."""
    return tables["events"].groupby("customer_id").size()


@_panel
def proceedings_flag_as_known(tables: Tables, date: Timestamp) -> Series:
    return _known(tables["events"], "event_date", date).groupby("customer_id").size()


def survivors(tables: Tables, dates: Sequence[Timestamp]) -> DataFrame:
    """Open amount as known, but of customers that are still clients today."""
    own = survivors_as_known(tables, dates)
    return own[~own["customer_id"].isin(tables["defaults"]["customer_id"])]


def survivors_as_known(tables: Tables, dates: Sequence[Timestamp]) -> DataFrame:
    moves = tables["movements"]
    parts = [
        moves[moves["known_date"] <= date].groupby("customer_id")["base_minor"].sum().rename("survivors").reset_index()
        for date in dates
    ]
    return pd.concat([part.assign(observation_date=date) for part, date in zip(parts, dates, strict=True)])


LEAKS = (
    "settlement_date",
    "final_status",
    "customer_mean",
    "sector_default_rate",
    "dunning_stage",
    "backdated_credit_note",
    "limit_of_today",
    "insurer_decision",
    "terms_of_today",
    "accounts_by_closing_date",
    "rating_of_today",
    "disputed_flag",
    "proceedings_flag",
    "survivors",
)


def every_leak(tables: Tables, dates: Sequence[Timestamp]) -> DataFrame:
    """All leaks, one column each."""
    return _beside([globals()[name](tables, dates) for name in LEAKS])


def every_leak_as_known(tables: Tables, dates: Sequence[Timestamp]) -> DataFrame:
    """The honest twins of all leaks, one column each."""
    return _beside([globals()[f"{name}_as_known"](tables, dates) for name in LEAKS])


def _beside(parts: list[DataFrame]) -> DataFrame:
    return pd.concat([part.set_index(["customer_id", "observation_date"]) for part in parts], axis=1).reset_index()
