"""Triggers of a review from what others say: bureaus, the insurer, courts, and early warnings."""

import pandas as pd
from pandas import DataFrame

from riskresearch.limits.inputs.grid import months_before
from riskresearch.limits.reviews.facts import TRIGGERS, Facts, Trigger, found, latest_of, looked_up

LEGAL_EVENTS = ("insolvency", "litigation", "moratorium", "legal_notice")
EWMA_SIGNAL = "drift_ewma"


@TRIGGERS.register(Trigger("External downgrade", "Note externe abaissée", "grades", ("downgrades",)))
def external_downgrade(facts: Facts) -> DataFrame:
    """A bureau, agency or insurer lowered its grade within `external_downgrade_months`; value: grades lost."""
    rows = facts.tables["downgrades"].drop_duplicates(["customer_id", "provider_code"])
    start = months_before(facts.as_of, facts.policy.triggers.external_downgrade_months)
    rows = rows[(rows["rating_date"] > start) & (rows["rating_date"] <= facts.as_of)]
    told = {name: rows[name] for name in ("provider_code", "rating_before", "rating_code")}
    return found(
        rows["customer_id"],
        trigger_date=rows["rating_date"],
        value=rows["n_notches"].astype(float),
        threshold=1.0,
        **told,
    )


@TRIGGERS.register(Trigger("Insurer's limit cut", "Garantie de l'assureur réduite", "amount", ("limits",)))
def insurer_cut(facts: Facts) -> DataFrame:
    """The insurer lowered its limit, or it ended, within `insurer_cut_months`; value and threshold: after, before."""
    rows = facts.tables["limits"]
    rows = rows[rows["limit_kind_code"] == "insurer"]
    rows = rows.assign(known=latest_of(rows, "start_date"), amount=rows["base_minor"].astype(float) / 100)
    rows = rows[rows["known"] <= facts.as_of].sort_values(["customer_id", "start_date", "known", "limit_id"])
    rows = rows.assign(before=rows.groupby("customer_id")["amount"].shift())
    cut = rows[rows["amount"] < rows["before"]]
    last = rows.drop_duplicates("customer_id", keep="last")
    ended = last[(last["end_date"] < facts.as_of) & (last["amount"] > 0)]
    gone = ended.assign(before=ended["amount"], amount=0.0, known=ended["end_date"] + pd.Timedelta(days=1))
    both = pd.concat([cut, gone])
    both = both[both["known"] > months_before(facts.as_of, facts.policy.triggers.insurer_cut_months)]
    return found(
        both["customer_id"],
        trigger_date=both["known"],
        value=both["amount"],
        threshold=both["before"],
        limit_id=both["limit_id"],
    )


@TRIGGERS.register(Trigger("Legal event", "Événement légal", "count", ("events",)))
def legal_event(facts: Facts) -> DataFrame:
    """Insolvency not closed since, litigation, moratorium or legal notice; since the day it was known."""
    rows = facts.tables["events"]
    rows = rows.assign(known=latest_of(rows, "event_date"))
    rows = rows[rows["known"] <= facts.as_of]
    closed = rows[rows["event_code"] == "insolvency_closed"].groupby("customer_id")["known"].max()
    is_over = (rows["event_code"] == "insolvency") & (looked_up(closed, rows["customer_id"]) >= rows["known"])
    rows = rows[rows["event_code"].isin(LEGAL_EVENTS) & ~is_over]
    told = {name: rows[name] for name in ("event_id", "event_code", "event_date")}
    return found(rows["customer_id"], trigger_date=rows["known"], value=1.0, threshold=1.0, **told)


@TRIGGERS.register(Trigger("Drift of lateness", "Dérive des retards", "signal", ("warnings",)))
def ewma_alarm(facts: Facts) -> DataFrame:
    """The moving average of days late (EWMA) left its control limits and has not come back."""
    rows = facts.tables["warnings"]
    return _signals(rows[rows["signal_code"] == EWMA_SIGNAL])


@TRIGGERS.register(Trigger("Grave warning", "Alerte grave", "signal", ("warnings",)))
def grave_warning(facts: Facts) -> DataFrame:
    """An early warning of high severity stands."""
    rows = facts.tables["warnings"]
    return _signals(rows[(rows["severity_code"] == "high") & (rows["signal_code"] != EWMA_SIGNAL)])


def _signals(rows: DataFrame) -> DataFrame:
    told = {name: rows[name] for name in ("signal_code", "severity_code", "unit_code")}
    return found(
        rows["customer_id"], trigger_date=rows["signal_date"], value=rows["value"], threshold=rows["threshold"], **told
    )
