"""Expert rating: a probability of default for every customer and prospect, also where no model can be fitted."""

from collections.abc import Mapping

import pandas as pd
from pandas import DataFrame, Index, Series, Timestamp

from riskresearch.base.schema import Column, Table
from riskresearch.ledger.codes import CUSTOMER
from riskresearch.ledger.default import is_in_default
from riskresearch.model.expert.accounts import ACCOUNTS_SCORES, AccountsSettings, accounts_pd
from riskresearch.model.expert.answers import (
    QUESTIONNAIRE_ANSWERS,
    QUESTIONNAIRE_ITEMS,
    questionnaire_answers,
    questionnaire_items,
    questionnaire_scores,
)
from riskresearch.model.expert.behaviour import expert_pd, own_figures
from riskresearch.model.expert.blend import PRIOR, SOURCES, Evidence, blend_shares
from riskresearch.model.expert.conflict import CONFLICTS, overridden
from riskresearch.model.expert.gate import GATE_CODES, GATE_REASONS, GATES, GateSettings, gate
from riskresearch.model.expert.questionnaire import Questionnaire
from riskresearch.model.expert.sensitivity import WEIGHT_SENSITIVITY, SensitivitySettings, weight_sensitivity
from riskresearch.model.external_scales import (
    EXTERNAL_RATING_COUNTS,
    EXTERNAL_RATINGS,
    ExternalSettings,
    RatingScales,
    external_pd,
    rating_counts,
    worst_external,
)

CUSTOMER_STATUSES = ("active", "prospect", "inactive")
EXPERT_RATINGS = Table(
    "expert_ratings",
    "model",
    "one row per customer known on the date and not in default, prospects and inactive ones included",
    ("customer_id",),
    (
        CUSTOMER,
        Column("observation_date", "date", "last day that counts"),
        Column(
            "customer_status_code", "code", "active, prospect (never sold to) or inactive", False, CUSTOMER_STATUSES
        ),
        Column("n_months_history", "int", "whole months since the first invoice known; 0 = none"),
        Column("pd_behaviour", "float", "PD by payment delay; empty for prospects", True),
        Column("pd_accounts", "float", "PD by annual accounts; empty = missing", True),
        Column("pd_external", "float", "PD behind the worst external rating; empty = missing", True),
        Column("pd_questionnaire", "float", "PD by the questionnaire; empty = too little answered", True),
        *(Column(f"{name}_share_ratio", "float", f"share of {name} in the blend") for name in (*SOURCES, PRIOR)),
        Column("accounts_age_months", "float", "age of the accounts used", True),
        Column("provider_code", "text", "whose external rating counts", True),
        Column("is_default_rated", "bool", "a provider says that the customer is in default"),
        Column("questionnaire_score_ratio", "float", "score of the questionnaire, 0 worst to 1 best", True),
        Column("answered_ratio", "float", "share of the weights of the questionnaire that is answered"),
        Column("n_answers", "int", "items answered by a person, not too old"),
        Column("pd_blend", "float", "PD of the blend, before the conflict rule"),
        Column("pd_12m", "float", "probability of default within 12 months, expert rating"),
        Column("conflict_code", "code", "what the conflict rule did", False, CONFLICTS),
        Column("gate_code", "code", "onboarding gate", False, GATE_CODES),
        Column("gate_reason_code", "code", "why", False, GATE_REASONS),
    ),
)
EXPERT_TABLES = (
    EXPERT_RATINGS,
    QUESTIONNAIRE_ANSWERS,
    QUESTIONNAIRE_ITEMS,
    WEIGHT_SENSITIVITY,
    ACCOUNTS_SCORES,
    EXTERNAL_RATINGS,
    EXTERNAL_RATING_COUNTS,
    GATES,
)
EXPERT_READS = (
    "customers",
    "customer_behaviour",
    "movements",
    "defaults",
    "questionnaires",
    "ratings",
    "financials",
    "events",
)


class ExpertSettings(SensitivitySettings, AccountsSettings, GateSettings, ExternalSettings):
    """Expert rating: prior, questionnaire, accounts, external ratings, gate and their blend."""


def expert_tables(
    tables: Mapping[str, DataFrame],
    settings: ExpertSettings,
    *,
    as_of: Timestamp,
    questionnaire: Questionnaire,
    scales: RatingScales,
    grade_scale: DataFrame,
) -> dict[str, DataFrame]:
    """Return the tables of `EXPERT_TABLES`: the expert rating of every customer, and what it is made of.

    Four sources give a PD each, or nothing: payment behaviour, annual accounts, external ratings, the questionnaire.
    They are blended (`riskresearch.model.expert.blend`); what a customer's own payments say overrides the rest,
    downwards only (`riskresearch.model.expert.conflict`). A customer of whom nothing is known gets the prior rate.
    A grade that means default gives no PD, but a lowest one (`default_rated_pd`). The gate stands beside the PD and
    does not change it.

    Parameters
    ----------
    tables : `EXPERT_READS`, as known on `as_of`; all but customers may be empty
    settings : settings of the expert rating
    as_of : last day that counts
    questionnaire : items, answers and weights
    scales : scales of the external providers
    grade_scale : table `grade_scale`, for the grades of active customers and prospects that change with the weights
    """
    status = _statuses(tables, as_of)
    figures = own_figures(tables["customer_behaviour"], status["is_sold"], settings).reindex(status.index)
    answers = questionnaire_answers(tables["questionnaires"], figures, questionnaire, settings, as_of=as_of)
    accounts = accounts_pd(tables, settings, as_of=as_of)
    ratings = external_pd(tables["ratings"], scales, as_of=as_of, max_age_months=settings.external_max_age_months)
    behaviour = expert_pd(tables["customer_behaviour"], settings).reindex(status.index).where(status["is_sold"])
    sources = _sources(behaviour, accounts, ratings, questionnaire_scores(answers, settings))
    evidence = Evidence(
        sources[[f"pd_{name}" for name in SOURCES]].set_axis(list(SOURCES), axis=1),
        status["n_months_history"],
        status["has_payments"],
        default_rated_pd(ratings, scales).reindex(status.index),
    )
    is_live = status["customer_status_code"] != "inactive"
    moves = weight_sensitivity(evidence.of(is_live), answers, questionnaire, settings, grade_scale=grade_scale)
    refused = sources.index[sources["is_default_rated"]]
    gates = gate(tables, settings, as_of=as_of, default_rated=refused)
    rated = _rated(status, sources, evidence, settings, as_of).merge(gates, on="customer_id", validate="1:1")
    return {
        "expert_ratings": rated[EXPERT_RATINGS.names],
        "questionnaire_answers": answers,
        "questionnaire_items": questionnaire_items(answers, tables["questionnaires"], questionnaire),
        "weight_sensitivity": moves,
        "accounts_scores": accounts,
        "external_ratings": ratings,
        "external_rating_counts": rating_counts(ratings),
        "gates": gates,
    }


def default_rated_pd(ratings: DataFrame, scales: RatingScales) -> Series:
    """Return the lowest PD of customers that a provider says are in default.

    The grade is no forecast, but the customer cannot be better than those the provider rates worst without default:
    the highest PD on the provider's scale in force on the date of the rating, and not below the PD behind the rating
    of any other provider.

    Parameters
    ----------
    ratings : table `external_ratings`
    scales : scales of the providers

    Returns
    -------
    Series indexed by customer_id; customers not rated in default are absent.
    """
    worst = DataFrame(
        [(scale.provider_code, scale.valid_from, max(g.pd_12m for g in scale.grades)) for scale in scales.scales],
        columns=["provider_code", "valid_from_date", "pd_12m"],
    )
    worst = worst.astype({"valid_from_date": "datetime64[us]", "pd_12m": float}).sort_values("valid_from_date")
    rows = ratings[ratings["is_default_grade"]].drop(columns="pd_12m").sort_values("rating_date", kind="stable")
    dated = pd.merge_asof(rows, worst, left_on="rating_date", right_on="valid_from_date", by="provider_code")
    others = ratings[ratings["customer_id"].isin(rows["customer_id"])]
    return pd.concat([dated, others]).groupby("customer_id")["pd_12m"].max().rename("pd_default_rated")


def months_of_history(movements: DataFrame, customers: Index, *, as_of: Timestamp) -> Series:
    """Return the whole months from each customer's first invoice, as known on a day, to that day; missing without any.

    Parameters
    ----------
    movements : table `movements`
    customers : customer_id
    as_of : last day that counts
    """
    is_known = (movements["movement_code"] == "invoice") & (movements["known_date"] <= as_of)
    first = movements[is_known].groupby("customer_id")["effective_date"].min().reindex(customers)
    months = (as_of.year - first.dt.year) * 12 + as_of.month - first.dt.month
    is_short = (first.dt.day > as_of.day) & ~as_of.is_month_end
    return (months - is_short).clip(lower=0).astype("Int64").rename("n_months_history")


def _statuses(tables: Mapping[str, DataFrame], as_of: Timestamp) -> DataFrame:
    """Customers not in default: status, months of history, whether their own payments say anything."""
    keys = tables["customers"][["customer_id"]].sort_values("customer_id", ignore_index=True)
    keys = keys[~is_in_default(tables["defaults"], keys.assign(observation_date=as_of))]
    index = Index(keys["customer_id"], name="customer_id")
    months = months_of_history(tables["movements"], index, as_of=as_of)
    rows = tables["customer_behaviour"].set_index("customer_id").reindex(index)
    is_sold = months.notna()
    is_active = (rows["open_amount"] > 0) | (rows["sales_amount_12m"] > 0) | (rows["n_invoices_12m"].fillna(0) > 0)
    code = Series("inactive", index=index).mask(is_active, "active").mask(~is_sold, "prospect")
    has_payments = (rows["n_receipts_12m"].fillna(0) > 0) | (rows["past_due_max_days"].fillna(0) > 0)
    return DataFrame(
        {
            "customer_status_code": code,
            "n_months_history": months.fillna(0).astype("int64"),
            "is_sold": is_sold,
            "has_payments": has_payments.astype(bool) & is_sold,
        }
    )


def _sources(behaviour: Series, accounts: DataFrame, ratings: DataFrame, scores: DataFrame) -> DataFrame:
    """PD of each source and what it rests on, one row per customer; missing where the source says nothing."""
    published, external = accounts.set_index("customer_id"), worst_external(ratings).set_index("customer_id")
    parts = [
        behaviour.rename("pd_behaviour"),
        published[["pd_accounts", "accounts_age_months"]],
        external[["pd_external", "provider_code"]].where(external["pd_external"].notna()),
        scores.rename(columns={"score_ratio": "questionnaire_score_ratio"}),
    ]
    found = pd.concat([part.reindex(behaviour.index) for part in parts], axis=1)
    in_default = external.index[external["is_default_grade"]]
    return found.assign(is_default_rated=found.index.isin(in_default))


def _rated(
    status: DataFrame, sources: DataFrame, evidence: Evidence, settings: ExpertSettings, as_of: Timestamp
) -> DataFrame:
    shares = blend_shares(evidence, settings).add_suffix("_share_ratio")
    parts = [status, sources, shares, overridden(evidence, settings)]
    joined = pd.concat(parts, axis=1).assign(observation_date=as_of)
    return joined.rename_axis("customer_id").reset_index()
