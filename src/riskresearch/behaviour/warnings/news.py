"""Signals from what is heard: events, ratings, insurers, banks, sectors and countries, concentration of sales."""

import numpy as np
from pandas import DataFrame

from riskresearch.behaviour.warnings.facts import View, owners_of
from riskresearch.behaviour.warnings.receipts import last_verified
from riskresearch.behaviour.warnings.registry import SIGNALS, Signal, found
from riskresearch.behaviour.warnings.sequences import last_rows
from riskresearch.behaviour.warnings.settings import SEVERITIES, WarningSettings

_ROUNDING = 1e-12  # shares add up to their decimal sum within this
LETTER_GRADES = (
    *("AAA", "AA+", "AA", "AA-", "A+", "A", "A-", "BBB+", "BBB", "BBB-", "BB+", "BB", "BB-"),
    *("B+", "B", "B-", "CCC+", "CCC", "CCC-", "CC", "C", "D"),
)


@SIGNALS.register(
    Signal("Bank details changed", "Coordonnées bancaires modifiées", "field", "count", ("events", "bank_checks"))
)
def bank_change(view: View, settings: WarningSettings) -> DataFrame:
    """The customer's bank details changed and were not verified since: to be checked (fraud, factor, new bank)."""
    events, checks = view.act("events"), view.act("bank_checks")
    heard = events.loc[events["event_code"] == "bank_change", ["customer", "known", "event_id"]]
    seen = checks.loc[checks["is_changed"] & ~checks["is_verified"], ["customer", "known", "check_id"]]
    rows = _stacked(heard.rename(columns={"event_id": "source_id"}), seen.rename(columns={"check_id": "source_id"}))
    rows = rows[rows["known"].to_numpy(float) > view.day - settings.news_days]
    rows = rows[rows["known"].to_numpy(float) > last_verified(view)[rows["customer"].to_numpy("int64")]]
    return _news(rows, severity="medium")


@SIGNALS.register(Signal("Longer terms requested", "Demande de délai", "field", "count", ("events",)))
def terms_request(view: View, settings: WarningSettings) -> DataFrame:
    """The customer asked for longer terms of payment."""
    events = view.act("events")
    rows = events[(events["event_code"] == "terms_request") & (events["known"] > view.day - settings.news_days)]
    return _news(rows.assign(source_id=rows["event_id"]), severity="medium")


@SIGNALS.register(Signal("Legal event", "Événement légal", "external", "count", ("events",)))
def legal_event(view: View, settings: WarningSettings) -> DataFrame:
    """Insolvency, litigation, moratorium, legal notice or change of management; an insolvency until it is closed."""
    events = view.act("events")
    known, who = events["known"].to_numpy(float), events["customer"].to_numpy("int64")
    closed = np.full(view.n_customers, -np.inf)
    is_end = (events["event_code"] == "insolvency_closed").to_numpy()
    np.maximum.at(closed, who[is_end], known[is_end])
    is_lasting = (events["event_code"] == "insolvency").to_numpy()
    counts = np.where(is_lasting, known > closed[who], known > view.day - settings.legal_days)
    grave = events["event_code"].map(settings.legal_severities).to_numpy()
    rows = events.assign(severity_code=grave)[counts & events["event_code"].isin(settings.legal_severities).to_numpy()]
    rows = rows.assign(rank=rows["severity_code"].map({code: k for k, code in enumerate(SEVERITIES)}))
    rows = rows.sort_values(["customer", "rank", "known"], ascending=[True, False, True])
    gravest = rows[~rows["customer"].duplicated()]
    return found(
        gravest["customer"],
        severity=gravest["severity_code"].to_numpy(),
        signal_day=gravest["known"].to_numpy(),
        value=rows.groupby("customer").size().to_numpy(float),
        threshold=0.0,
        event_code=gravest["event_code"].to_numpy(),
        event_id=gravest["event_id"].to_numpy(),
    )


@SIGNALS.register(Signal("Rating lowered", "Note externe abaissée", "external", "count", ("ratings",)))
def rating_downgrade(view: View, settings: WarningSettings) -> DataFrame:
    """The latest rating of a provider is worse than the one before; value: notches down on the provider's scale."""
    rows = _rating_changes(view, settings)
    rows = rows[rows["notches"] > 0].sort_values(["customer", "notches", "known"])
    worst = rows[~rows["customer"].duplicated(keep="last")]
    notches = worst["notches"].to_numpy(float)
    return found(
        worst["customer"],
        severity=np.where(notches >= settings.downgrade_high_notches, "high", "medium"),
        signal_day=worst["known"].to_numpy(),
        value=notches,
        threshold=0.0,
        **{name: worst[name].to_numpy() for name in ("provider_code", "rating_before", "rating_code")},
    )


@SIGNALS.register(
    Signal("Rating changed, to be checked", "Note externe modifiée, à vérifier", "external", "count", ("ratings",))
)
def rating_to_check(view: View, settings: WarningSettings) -> DataFrame:
    """The latest rating differs from the one before on a scale whose order is not known."""
    rows = _rating_changes(view, settings)
    rows = rows[rows["notches"].isna()].sort_values(["customer", "known"])
    last = rows[~rows["customer"].duplicated(keep="last")]
    return found(
        last["customer"],
        severity="low",
        signal_day=last["known"].to_numpy(),
        value=rows.groupby("customer").size().to_numpy(float),
        threshold=0.0,
        **{name: last[name].to_numpy() for name in ("provider_code", "rating_before", "rating_code")},
    )


@SIGNALS.register(Signal("Insurer's limit cut", "Garantie de l'assureur réduite", "external", "amount", ("limits",)))
def insurer_cut(view: View, settings: WarningSettings) -> DataFrame:
    """The insurer's latest decision is below the one before, or cover has ended without a new decision."""
    rows = view.act("limits")
    rows = rows[(rows["limit_kind_code"] == "insurer") & (rows["day"] <= view.day)]
    rows = rows.iloc[np.lexsort((rows["known"], rows["day"], rows["customer"]))]
    owner, granted = rows["customer"].to_numpy("int64"), rows["minor"].to_numpy(float)
    last = last_rows(owner)
    before = np.where(np.r_[False, np.diff(owner) == 0][last], granted[last - 1], np.nan) if len(last) else granted
    end = rows["end_day"].to_numpy(float)[last]
    ended = end < view.day
    now, was = np.where(ended, 0.0, granted[last]), np.where(ended, granted[last], before)
    begun = np.maximum(rows["day"].to_numpy(float), rows["known"].to_numpy(float))[last]
    since = np.where(ended, end + 1, begun)
    cut = (now < was) & (since > view.day - settings.news_days)
    who = owner[last][cut]
    return found(
        who,
        severity=np.where(now[cut] <= 0, "high", "medium"),
        signal_day=since[cut],
        value=now[cut] / 100,
        threshold=was[cut] / 100,
        limit_id=rows["limit_id"].to_numpy()[last][cut],
        open_amount=view.open_minor[who] / 100,
    )


@SIGNALS.register(
    Signal("Three customers weigh half", "Trois clients pèsent la moitié", "portfolio", "ratio", ("invoices",))
)
def top_concentration(view: View, settings: WarningSettings) -> DataFrame:
    """The three largest customers (groups) make at least half of the net sales of 12 months."""
    group, names = owners_of(view.facts, "group_id")
    sold = view.known(view.facts.sales)
    who, day, minor = (sold[name].to_numpy() for name in ("customer", "day", "minor"))
    shares = _shares(group[who], minor * (day > view.day - 365) * (day <= view.day), len(names))
    top = np.argsort(-shares, kind="stable")[:3]
    joint = float(shares[top].sum())
    if joint < settings.top_share_ratio - _ROUNDING:
        return found([], severity="high", signal_day=[], value=[], threshold=settings.top_share_ratio)
    own = np.bincount(who, weights=minor * (day > view.day - 365), minlength=view.n_customers)
    members = np.flatnonzero(np.isin(group, top[shares[top] > 0]) & (own > 0))
    return found(
        members,
        severity="high",
        signal_day=_weighs_since(view, group, len(names), settings),
        value=joint,
        threshold=settings.top_share_ratio,
        sales_ratio=shares[group[members]],
        group_id=names.to_numpy()[group[members]],
    )


def _weighs_since(view: View, group: np.ndarray, n_groups: int, settings: WarningSettings) -> float:
    """First of the days 30, 60, … before, up to a year, from which on the three largest weighed that much."""
    first = view.day
    sold = view.known(view.facts.sales)
    who, day, minor, known = (sold[name].to_numpy() for name in ("customer", "day", "minor", "known"))
    for back in range(30, 361, 30):
        then = view.day - back
        inside = (known <= then) & (day > then - 365) & (day <= then)
        shares = _shares(group[who[inside]], minor[inside], n_groups)
        if np.sort(shares)[-3:].sum() < settings.top_share_ratio - _ROUNDING:
            break
        first = then
    return first


def _shares(owner: np.ndarray, minor: np.ndarray, n_owners: int) -> np.ndarray:
    """Share of each owner in the sum of the positive totals."""
    total = np.maximum(np.bincount(owner, weights=minor, minlength=n_owners), 0.0)
    return np.asarray(total / total.sum()) if total.sum() > 0 else total


def _stacked(first: DataFrame, second: DataFrame) -> DataFrame:
    rows = {name: np.concatenate([first[name].to_numpy(), second[name].to_numpy()]) for name in first.columns}
    return DataFrame(rows).sort_values("known", kind="stable")


def _news(rows: DataFrame, *, severity: str) -> DataFrame:
    """One row per customer: since the first of the news that still counts, with the latest as evidence."""
    grouped = rows.groupby("customer", sort=True)
    last = grouped.tail(1).sort_values("customer")
    return found(
        last["customer"],
        severity=severity,
        signal_day=grouped["known"].min().to_numpy(float),
        value=grouped.size().to_numpy(float),
        threshold=0.0,
        source_id=last["source_id"].to_numpy(),
    )


def _rating_changes(view: View, settings: WarningSettings) -> DataFrame:
    """Latest rating of each customer and provider where it differs from the one before, and by how many notches.

    The order of grades is the one given for the provider; without one, that of letters AAA to D where both are such.
    """
    rows = view.act("ratings")
    rows = rows.iloc[np.lexsort((rows["known"], rows["day"], rows["series"]))]
    last = last_rows(rows["series"].to_numpy("int64"))
    now, before = rows.iloc[last], rows.iloc[np.maximum(last - 1, 0)]
    is_next = (now["series"].to_numpy() == before["series"].to_numpy()) & (last > 0)
    is_changed = is_next & (now["rating_code"].to_numpy() != before["rating_code"].to_numpy())
    chosen = is_changed & (now["known"].to_numpy(float) > view.day - settings.news_days)
    now = now.assign(rating_before=before["rating_code"].to_numpy())[chosen]
    places = {
        provider: {grade: k for k, grade in enumerate(settings.rating_scales.get(provider, LETTER_GRADES))}
        for provider in now["provider_code"].unique()
    }
    place = {
        name: np.array([places[p].get(g, np.nan) for p, g in zip(now["provider_code"], now[name], strict=True)], float)
        for name in ("rating_before", "rating_code")
    }
    return now.assign(notches=place["rating_code"] - place["rating_before"])
