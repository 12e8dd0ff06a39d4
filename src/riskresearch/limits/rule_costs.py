"""What each rule of the policy costs and saves: history replayed without it."""

from collections.abc import Mapping

from numpy.random import Generator
from pandas import DataFrame, Timestamp

from riskresearch.base.schema import Column, Table, check, empty
from riskresearch.limits.applicants import Applicants
from riskresearch.limits.backtest.backtest import replay_policies
from riskresearch.limits.backtest.book import book
from riskresearch.limits.backtest.replay import ASSUMPTIONS
from riskresearch.limits.backtest.tabled import summary
from riskresearch.limits.backtest.trial import Assumptions, Trial
from riskresearch.limits.memory import held_amounts
from riskresearch.limits.movement import limit_path
from riskresearch.limits.policy.policy import CreditPolicy
from riskresearch.limits.proposals import QUESTIONS

MOVEMENT, WHOLE = "movement", "policy"
LIMIT_RULE_COSTS = Table(
    "limit_rule_costs",
    "limits",
    "one row per rule left out and assumption on blocked orders; replay without the rule less replay of the policy",
    ("rule_code", "sales_assumption_code"),
    (
        Column(
            "rule_code", "code", "rule left out: one of the four questions, or movement", False, (*QUESTIONS, MOVEMENT)
        ),
        Column("sales_assumption_code", "code", "what becomes of blocked orders", False, ASSUMPTIONS),
        Column("unblocked_amount", "float", "orders no longer blocked, run currency"),
        Column("margin_gained_amount", "float", "margin gained, run currency"),
        Column("loss_added_amount", "float", "losses at default added, run currency"),
        Column(
            "net_gained_amount", "float", "net result gained: above 0 the rule costs more than it saves, run currency"
        ),
        Column("net_gained_low_amount", "float", "lower bound of its interval, customers resampled"),
        Column("net_gained_high_amount", "float", "upper bound of its interval"),
    ),
)


def limit_rule_costs(
    tables: Mapping[str, DataFrame],
    rows: DataFrame,
    policy: CreditPolicy,
    *,
    as_of: Timestamp,
    assumptions: Assumptions,
    n_bootstrap: int,
    rng: Generator,
    interval_ratio: float = 0.9,
) -> DataFrame:
    """Return table `limit_rule_costs`; empty where nothing can be replayed.

    Each question is left out alone, the limit then moves by the smallest of the other three; without movement the
    limit is the proposal of each review. Rules overlap, so the lines do not add up.

    Parameters
    ----------
    tables : see `riskresearch.limits.backtest.backtest.READS`
    rows : rows of the days of the replay, with the four numbers
    policy : credit policy
    as_of : last day of the replay
    assumptions : on orders above the free limit
    n_bootstrap, rng : samples of customers
    interval_ratio : probability that the intervals hold
    """
    first = rows["review_date"].min()
    if rows.empty or rows["pd_12m"].isna().all() or first >= as_of:
        return empty(LIMIT_RULE_COSTS)
    window = book(tables, first_review_date=first, as_of=as_of)
    paths = {WHOLE: limit_path(rows, policy), **_paths_without(rows, policy)}
    trial = replay_policies(window, paths, rows, policy, assumptions=assumptions, n_bootstrap=n_bootstrap, rng=rng)
    lines = [
        _line(trial, code, assumption, interval_ratio) for code in paths if code != WHOLE for assumption in ASSUMPTIONS
    ]
    return check(DataFrame(lines), LIMIT_RULE_COSTS)


def _paths_without(rows: DataFrame, policy: CreditPolicy) -> dict[str, DataFrame]:
    known = Applicants(rows, policy)
    numbers = [f"{question}_amount" for question in QUESTIONS]
    paths = {}
    for question, name in zip(QUESTIONS, numbers, strict=True):
        left = rows.assign(**{name: float("nan")})
        proposed = left[numbers].min(axis=1).mask(known.in_default, 0.0)
        left = left.assign(proposed_amount=proposed)
        paths[question] = limit_path(left.assign(held_amount=held_amounts(left, known)), policy)
    step = policy.movement.rounding_amount
    at_once = rows[["customer_id", "review_date"]].assign(limit_amount=rows["proposed_amount"] // step * step)
    return paths | {MOVEMENT: at_once}


def _line(trial: Trial, code: str, assumption: str, interval_ratio: float) -> dict[str, object]:
    without, whole = trial.measures[code, assumption], trial.measures[WHOLE, assumption]
    change = {name: without[name] - whole[name] for name in ("blocked_amount", "margin_amount", "loss_amount")}
    net, low, high = summary(without["net_result_amount"] - whole["net_result_amount"], interval_ratio)
    return {
        "rule_code": code,
        "sales_assumption_code": assumption,
        "unblocked_amount": -float(change["blocked_amount"][0]),
        "margin_gained_amount": float(change["margin_amount"][0]),
        "loss_added_amount": float(change["loss_amount"][0]),
        "net_gained_amount": net,
        "net_gained_low_amount": low,
        "net_gained_high_amount": high,
    }
