"""Stage limits: how much to sell on account to each customer, what binds, and whether the policy deserves it."""

from pandas import DataFrame

from riskresearch.limits.applicants import Applicants
from riskresearch.limits.backtest.backtest import READS as BACKTEST_READS
from riskresearch.limits.backtest.backtest import limit_backtest
from riskresearch.limits.backtest.rules import Reviews
from riskresearch.limits.backtest.tables import BACKTEST_TABLES
from riskresearch.limits.backtest.trial import Assumptions
from riskresearch.limits.calibration.factors import limit_factors
from riskresearch.limits.calibration.tables import CALIBRATION_TABLES
from riskresearch.limits.credit import CREDIT_LIMITS, credit_limits
from riskresearch.limits.economics import LIMIT_ECONOMICS, limit_economics
from riskresearch.limits.exposure import LIMIT_EXPOSURES, limit_exposures
from riskresearch.limits.inputs.build import OPTIONAL_READS
from riskresearch.limits.inputs.build import READS as INPUT_READS
from riskresearch.limits.inputs.table import LIMIT_INPUTS
from riskresearch.limits.late_fees import LATE_FEES, late_fees
from riskresearch.limits.loss_concentration import LOSS_CONCENTRATION, loss_concentration
from riskresearch.limits.methods.needs import plain_need
from riskresearch.limits.movement import LIMIT_PATH
from riskresearch.limits.optimise.tables import OPTIMISER_TABLES
from riskresearch.limits.override_kpis import OVERRIDE_KPIS, override_kpis
from riskresearch.limits.overrides import LIMIT_OVERRIDES, limit_overrides
from riskresearch.limits.portfolio import optimised_path, optimum_tables
from riskresearch.limits.proposals import LIMIT_METHODS, method_amounts, proposals
from riskresearch.limits.reasons import LIMIT_FIGURES, binding_figures
from riskresearch.limits.review import Review
from riskresearch.limits.reviews.actions import LIMIT_ACTIONS, limit_actions
from riskresearch.limits.reviews.due import LIMIT_REVIEWS, limit_reviews
from riskresearch.limits.reviews.due import READS as REVIEW_READS
from riskresearch.limits.reviews.runoff import LIMIT_RUNOFF, limit_runoff
from riskresearch.limits.rule_costs import LIMIT_RULE_COSTS, limit_rule_costs
from riskresearch.limits.segments import LIMIT_SEGMENTS
from riskresearch.limits.temporary import TEMPORARY_LIMITS, temporary_limits
from riskresearch.limits.terms.advice import TERMS_ADVICE, TERMS_BY_SEGMENT, terms_advice, terms_by_segment
from riskresearch.limits.terms.discounts import DISCOUNT_COSTS, discount_costs

OWN_READS = ("customer_behaviour", "open_invoices", "overrides", "downgrades")
READS = tuple(
    name
    for name in dict.fromkeys((*INPUT_READS, *OPTIONAL_READS, *BACKTEST_READS, *REVIEW_READS, *OWN_READS))
    if not name.startswith("limit_")
)
LIMIT_TABLES = (
    LIMIT_INPUTS,
    LIMIT_SEGMENTS,
    LIMIT_METHODS,
    LIMIT_FIGURES,
    LIMIT_PATH,
    LIMIT_EXPOSURES,
    CREDIT_LIMITS,
    LIMIT_ECONOMICS,
    *CALIBRATION_TABLES,
    *OPTIMISER_TABLES,
    *BACKTEST_TABLES,
    LIMIT_RULE_COSTS,
    LIMIT_REVIEWS,
    LIMIT_RUNOFF,
    TEMPORARY_LIMITS,
    LIMIT_ACTIONS,
    LIMIT_OVERRIDES,
    OVERRIDE_KPIS,
    LATE_FEES,
    LOSS_CONCENTRATION,
    TERMS_ADVICE,
    TERMS_BY_SEGMENT,
    DISCOUNT_COSTS,
)


def set_limits(review: Review) -> dict[str, DataFrame]:
    """Return the tables of the stage limits.

    Parameters
    ----------
    review : what is known, under which policy
    """
    today = _today(review)
    return {
        "limit_inputs": review.inputs,
        "limit_segments": review.segments,
        "limit_path": review.path,
        **today,
        **_followed(review, today["credit_limits"]),
        "late_fees": _late_fees(review),
        **_learnt(review),
        **optimum_tables(review.today, review.policy, review.settings),
        **_replayed(review),
    }


def _today(review: Review) -> dict[str, DataFrame]:
    """Limits, terms and their reasons on the day of the run."""
    tables, policy, as_of, settings = review.tables, review.policy, review.as_of, review.settings
    made = {**tables, "limit_inputs": review.inputs, "limit_segments": review.segments}
    advice = terms_advice(made, policy, settings, as_of=as_of)
    rows = review.today
    known = Applicants(rows, policy)
    proposed = proposals(known)
    limits = credit_limits(rows, {**made, "terms_advice": advice}, policy, as_of=as_of)
    held = rows["customer_id"].map(limits.set_index("customer_id")["limit_amount"]).fillna(0.0)
    return {
        "credit_limits": limits,
        "limit_methods": method_amounts(known, proposed),
        "limit_figures": binding_figures(known, proposed),
        "limit_economics": limit_economics(known, held),
        "limit_exposures": limit_exposures(review.inputs, tables["guarantees"], policy, as_of=as_of),
        "loss_concentration": loss_concentration(tables, top=settings.top_customers),
        "terms_advice": advice,
        "terms_by_segment": terms_by_segment(advice, tables["customer_behaviour"], policy),
        "discount_costs": discount_costs(settings, policy.economics),
    }


def _followed(review: Review, limits: DataFrame) -> dict[str, DataFrame]:
    """What is due, what follows from it, who decided otherwise, and what late payment costs."""
    tables, policy, as_of = review.tables, review.policy, review.as_of
    reviews = limit_reviews(review.inputs, review.segments, tables, policy, as_of=as_of)
    runoff = limit_runoff(limits, review.inputs, tables["open_invoices"], policy, as_of=as_of)
    temporary = temporary_limits(tables, policy, as_of=as_of)
    held = review.today.set_index("customer_id")["segment_code"]
    decided = limit_overrides(tables["overrides"], policy, as_of=as_of, in_default=held == "defaulted")
    return {
        "limit_reviews": reviews,
        "limit_runoff": runoff,
        "temporary_limits": temporary,
        "limit_actions": limit_actions(
            limits,
            reviews,
            review.inputs,
            policy,
            runoff=runoff,
            temporary=temporary,
            as_of=as_of,
            insurer_notice_days=review.settings.insurer_notice_days,
        ),
        "limit_overrides": decided,
        "override_kpis": override_kpis(decided, tables, review.inputs, policy, as_of=as_of),
    }


def _late_fees(review: Review) -> DataFrame:
    return late_fees(
        review.tables["open_invoices"],
        review.tables["customers"],
        review.policy,
        as_of=review.as_of,
        reference=review.reference_rates,
        legal_interest=review.legal_rates,
    )


def _learnt(review: Review) -> dict[str, DataFrame]:
    """Limit factors that history and the appetite suggest."""
    need = plain_need(review.applicants)
    return limit_factors(
        review.applicants.rows.assign(need_amount=need)[[*LIMIT_INPUTS.names, "need_amount"]],
        review.segments,
        review.tables,
        review.policy,
        as_of=review.as_of,
        seed=review.settings.seed,
        n_bootstrap=review.settings.n_bootstrap,
        n_scenarios=review.settings.n_scenarios,
    )


def _replayed(review: Review) -> dict[str, DataFrame]:
    """History replayed under the policy and under its rivals, and without each of its rules."""
    settings, policy, rows = review.settings, review.policy, review.replayed
    assumptions = Assumptions(settings.delay_max_days, settings.prepaid_ratio, policy.movement.reversal_days)
    found = limit_backtest(
        review.tables,
        Reviews(Applicants(rows, policy), review.path, optimised_path(rows, policy, settings)),
        as_of=review.as_of,
        assumptions=assumptions,
        tolerance_ratio=settings.adoption_tolerance_ratio,
        n_bootstrap=settings.n_bootstrap,
        rng=review.rng(1),
    )
    costs = limit_rule_costs(
        review.tables,
        rows,
        policy,
        as_of=review.as_of,
        assumptions=assumptions,
        n_bootstrap=settings.n_bootstrap,
        rng=review.rng(1),
    )
    return {**found, "limit_rule_costs": costs}
