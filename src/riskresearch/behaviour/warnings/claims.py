"""Signals from open items, orders, limits and disputes."""

import numpy as np
from pandas import DataFrame

from riskresearch.behaviour.warnings.facts import View
from riskresearch.behaviour.warnings.promises import promises
from riskresearch.behaviour.warnings.registry import SIGNALS, Signal, banded, found
from riskresearch.behaviour.warnings.sequences import Array, Flags, Rows, last_rows
from riskresearch.behaviour.warnings.settings import WarningSettings

YEAR_DAYS = 365.0


@SIGNALS.register(Signal("Old open item", "Poste ouvert ancien", "behaviour", "days", ("invoices",)))
def oldest_open_item(view: View, settings: WarningSettings) -> DataFrame:
    """The oldest open item that is not disputed is more than 30, 60 or 90 days past due."""
    items, rest = view.facts.items, settings.small_rest_amount * 100
    late = view.day - items["due_day"].to_numpy(float)
    is_open = (view.item_open_minor > rest) & (late > settings.oldest_item_bands_days[0]) & ~_disputed(view)
    item = np.flatnonzero(is_open)
    who = items["customer"].to_numpy("int64")[item]
    order = np.lexsort((-view.item_open_minor[item], late[item], who))
    oldest = item[order][last_rows(who[order])]
    _, band, severity = banded(late[oldest], settings.oldest_item_bands_days)
    risen = view.item_steps.risen_since(np.full(len(items), rest))
    return found(
        items["customer"].to_numpy()[oldest],
        severity=severity,
        signal_day=np.maximum(items["due_day"].to_numpy(float)[oldest] + band + 1, risen[oldest]),
        value=late[oldest],
        threshold=band,
        invoice_id=items["invoice_id"].to_numpy()[oldest],
        due_day=items["due_day"].to_numpy(float)[oldest],
        open_amount=view.item_open_minor[oldest] / 100,
        n_items=np.bincount(who, minlength=view.n_customers)[items["customer"].to_numpy("int64")[oldest]],
    )


@SIGNALS.register(Signal("Limit used up", "Limite de crédit saturée", "field", "ratio", ("limits",)))
def limit_used(view: View, settings: WarningSettings) -> DataFrame:
    """The open amount exceeds 80, 95 or 100 % of the own limit in force (the larger of lasting and temporary)."""
    limits = _limits_in_force(view)
    who, granted = limits["customer"].to_numpy("int64"), limits["minor"].to_numpy(float)
    used = view.open_minor[who]
    ratio = np.divide(used, granted, out=np.where(used > 0, np.inf, 0.0), where=granted > 0)
    over, band, severity = banded(ratio, settings.utilisation_bands)
    level = np.full(view.n_customers, np.inf)
    level[who] = band * granted
    risen = view.customer_steps.risen_since(level)[who]
    return found(
        who[over],
        severity=severity[over],
        signal_day=np.maximum(risen, np.maximum(limits["day"], limits["known"]))[over],
        value=np.where(np.isinf(ratio), np.nan, ratio)[over],
        threshold=band[over],
        open_amount=used[over] / 100,
        limit_amount=granted[over] / 100,
        limit_id=limits["limit_id"].to_numpy()[over],
    )


@SIGNALS.register(
    Signal(
        "More open while paying later", "Encours en hausse et paiements plus lents", "behaviour", "ratio", ("invoices",)
    )
)
def order_surge(view: View, settings: WarningSettings) -> DataFrame:
    """The open amount is more than 1.5 times its own 12-month mean, and the latest payments came later than before."""
    steps, n = view.customer_steps, view.n_customers
    lasted = np.minimum(view.day - steps.known, YEAR_DAYS)
    known_days = np.minimum(view.day - view.first_known, YEAR_DAYS)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.bincount(steps.owner, weights=steps.change * lasted, minlength=n) / known_days
        ratio = view.open_minor / mean
    recent, before = _mean_late(view, settings.alarm_days)
    chosen = (ratio > settings.surge_ratio) & (recent > before) & (known_days >= settings.history_min_days)
    who = np.flatnonzero(chosen & (mean > 0))
    risen = view.customer_steps.risen_since(np.where(mean > 0, settings.surge_ratio * mean, np.inf))
    return found(
        who,
        severity="medium",
        signal_day=risen[who],
        value=ratio[who],
        threshold=settings.surge_ratio,
        open_amount=view.open_minor[who] / 100,
        mean_open_amount=mean[who] / 100,
        days_late=recent[who],
        usual_days_late=before[who],
    )


@SIGNALS.register(Signal("Orders have stopped", "Arrêt des commandes", "behaviour", "days", ("invoices",)))
def order_stop(view: View, settings: WarningSettings) -> DataFrame:
    """Nothing was invoiced for more than three times the customer's own usual gap between invoice days."""
    days = view.facts.invoice_days
    days = days[days["known"].to_numpy() <= view.day]
    owner, day = days["customer"].to_numpy("int64"), days["day"].to_numpy(float)
    is_same = np.diff(owner) == 0
    usual, n_gaps = _medians(owner[1:][is_same], np.diff(day)[is_same], view.n_customers)
    last_day = np.full(view.n_customers, np.nan)
    last_day[owner[last_rows(owner)]] = day[last_rows(owner)]
    limit = np.maximum(settings.stop_gap_ratio * usual, float(settings.stop_min_days))
    silence = view.day - last_day
    who = np.flatnonzero((n_gaps >= settings.stop_min_gaps) & (silence > limit) & (silence <= settings.stop_max_days))
    return found(
        who,
        severity="low",
        signal_day=last_day[who] + np.floor(limit[who]) + 1,
        value=silence[who],
        threshold=limit[who],
        last_invoice_day=last_day[who],
        usual_gap_days=usual[who],
        open_amount=view.open_minor[who] / 100,
    )


@SIGNALS.register(Signal("New disputes", "Nouveaux litiges", "field", "count", ("disputes",)))
def new_disputes(view: View, settings: WarningSettings) -> DataFrame:
    """More than twice as many disputes in the last 60 days as the customer's own rate foresees, at least two."""
    rows = view.act("disputes")
    start = view.day - settings.dispute_days
    is_new = rows["known"].to_numpy(float) > start
    n = view.n_customers
    earlier = np.bincount(rows["customer"][~is_new], minlength=n)
    past_days = start - view.first_known
    foreseen = np.divide(earlier * float(settings.dispute_days), past_days, out=np.full(n, np.nan), where=past_days > 0)
    foreseen = np.where(past_days >= settings.history_min_days, foreseen, np.nan)
    fresh = rows[is_new]
    limit = settings.dispute_ratio * foreseen
    count = np.bincount(fresh["customer"], minlength=n)
    who = np.flatnonzero((count > limit) & (count >= settings.dispute_min_count))
    least = np.maximum(np.floor(limit[who]) + 1, settings.dispute_min_count)
    fresh = fresh[np.isin(fresh["customer"], who)]
    nth = fresh[fresh.groupby("customer").cumcount().to_numpy() + 1 == least[np.searchsorted(who, fresh["customer"])]]
    return found(
        who,
        severity="low",
        signal_day=nth.sort_values("customer")["known"].to_numpy(),
        value=count[who].astype(float),
        threshold=np.maximum(limit[who], settings.dispute_min_count - 1.0),
        invoice_ids=_listed(fresh, "invoice_id"),
        n_earlier=earlier[who],
    )


@SIGNALS.register(
    Signal("Dispute raised after the due date", "Litige après l'échéance", "field", "days", ("disputes",))
)
def late_dispute(view: View, settings: WarningSettings) -> DataFrame:
    """A dispute of the last 60 days was raised only after its invoice had fallen due: perhaps a pretext."""
    rows = view.act("disputes")
    late = rows["day"] - rows["due_day"]
    rows = rows.assign(late=late)[(late > 0) & (rows["known"] > view.day - settings.dispute_days)]
    grouped = rows.groupby("customer", sort=True)
    return found(
        grouped["known"].min().index,
        severity="low",
        signal_day=grouped["known"].min().to_numpy(),
        value=grouped["late"].max().to_numpy(float),
        threshold=0.0,
        invoice_ids=_listed(rows, "invoice_id"),
    )


@SIGNALS.register(
    Signal("Broken promises to pay", "Promesses de paiement non tenues", "field", "count", ("reminders",))
)
def broken_promises(view: View, settings: WarningSettings) -> DataFrame:
    """At least two promises to pay were broken within the last 60 days."""
    rows = promises(view, settings)
    rows = rows[rows["is_broken"] & (rows["broken_day"] > view.day - settings.promise_days)]
    rows = rows.sort_values(["customer", "broken_day", "reminder_id"])
    count = rows.groupby("customer")["broken_day"].transform("size")
    rows = rows[count >= settings.promise_min_count]
    nth = rows[rows.groupby("customer").cumcount() == settings.promise_min_count - 1]
    missing = (rows["promised_minor"] - rows["received_minor"]).groupby(rows["customer"]).sum()
    return found(
        nth["customer"],
        severity="high",
        signal_day=nth["broken_day"].to_numpy(),
        value=rows.groupby("customer").size().to_numpy(float),
        threshold=float(settings.promise_min_count),
        reminder_ids=_listed(rows, "reminder_id"),
        missing_amount=missing.to_numpy(float) / 100,
    )


def _listed(rows: DataFrame, column: str) -> list[list[str]]:
    """Values of a column by customer, in the order of the customers' numbers."""
    return rows.groupby("customer", sort=True)[column].agg(list).tolist() if len(rows) else []


def _disputed(view: View) -> Flags:
    """Tell of each item whether its invoice is under an open dispute."""
    rows = view.act("disputes")
    is_held = rows["closed_day"].isna()
    return view.facts.items["invoice_id"].isin(rows.loc[is_held, "invoice_id"]).to_numpy()


def _limits_in_force(view: View) -> DataFrame:
    """Own limit in force of each customer: the larger of the latest lasting and the latest temporary decision."""
    rows = view.act("limits")
    is_live = (rows["day"] <= view.day) & ~(rows["end_day"] < view.day)
    live = rows[is_live & rows["limit_kind_code"].isin(["internal", "temporary"])]
    keys = ["customer", "limit_kind_code"]
    latest = live.sort_values([*keys, "day", "limit_id"]).drop_duplicates(keys, keep="last")
    return latest.sort_values(["customer", "minor", "day"]).drop_duplicates("customer", keep="last")


def _medians(owner: Rows, value: Array, n_owners: int) -> tuple[Array, Rows]:
    """Median of the values of each owner, NaN where it has none, and their number."""
    n = np.bincount(owner, minlength=n_owners)
    ordered = np.r_[value[np.lexsort((value, owner))], np.nan]
    start = np.cumsum(n) - n
    middle = (
        ordered[np.minimum(start + (n - 1) // 2, len(value))] + ordered[np.minimum(start + n // 2, len(value))]
    ) / 2
    return np.where(n > 0, middle, np.nan), n


def _mean_late(view: View, days: float) -> tuple[Array, Array]:
    """Mean days late of each customer's payments in the last days and in the rest of the year, by amount."""
    points, n = view.points, view.n_customers
    known, who = points["known"].to_numpy(float), points["customer"].to_numpy("int64")
    late, weight = points["days_late"].to_numpy(float), points["minor"].to_numpy(float)
    is_new = known > view.day - days
    is_before = ~is_new & (known > view.day - YEAR_DAYS)
    with np.errstate(invalid="ignore"):
        recent, before = (
            np.bincount(who[part], weights=(late * weight)[part], minlength=n)
            / np.bincount(who[part], weights=weight[part], minlength=n)
            for part in (is_new, is_before)
        )
    return recent, before
