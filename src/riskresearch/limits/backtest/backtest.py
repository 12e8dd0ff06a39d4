"""Backtest of limit policies: history replayed day by day with what was known."""

from collections.abc import Mapping

from numpy.random import Generator
from pandas import DataFrame, Timestamp

from riskresearch.base.schema import check, empty
from riskresearch.limits.backtest.adoption import adoption_table, no_adoption
from riskresearch.limits.backtest.book import Book, book
from riskresearch.limits.backtest.extrapolation import extrapolation_table, largest_seen
from riskresearch.limits.backtest.paths import daily_securities, first_known_review, stopped_days
from riskresearch.limits.backtest.risk import known_risk
from riskresearch.limits.backtest.rules import POLICIES, Reviews, limit_paths
from riskresearch.limits.backtest.tabled import backtest_table
from riskresearch.limits.backtest.tables import BACKTEST_TABLES, LIMIT_ADOPTION
from riskresearch.limits.backtest.trial import Assumptions, Trial, tried
from riskresearch.limits.policy.policy import CreditPolicy

READS = ("movements", "invoices", "customers", "defaults", "events", "limits")
KNOWN_RATIO = 0.5
"""The replay starts on the first day of review on which half of the customers have a PD."""


def limit_backtest(
    tables: Mapping[str, DataFrame],
    reviews: Reviews,
    *,
    as_of: Timestamp,
    assumptions: Assumptions,
    tolerance_ratio: float,
    n_bootstrap: int,
    rng: Generator,
    min_defaulters: int = 10,
    interval_ratio: float = 0.9,
) -> dict[str, DataFrame]:
    """Return tables `limit_backtest`, `limit_backtest_months`, `limit_extrapolation` and `limit_adoption`.

    Receipts not matched to an invoice do not count as room, under every policy. Where nothing can be replayed, the
    tables are empty but for `limit_adoption`, which says why.

    Parameters
    ----------
    tables : see `READS`
    reviews : what the policies see; the replay starts after the first day of review with PDs for enough customers
    as_of : last day of the replay
    assumptions : on orders above the free limit
    tolerance_ratio : loss of net result that adoption accepts, share of the sales under the limits in force
    n_bootstrap, rng : samples of customers
    min_defaulters : with fewer customers that default, realised losses bear no verdict
    interval_ratio : probability that the intervals hold
    """
    known = reviews.applicants.rows
    first = first_known_review(known[known["review_date"] < as_of], known_ratio=KNOWN_RATIO)
    window = None if first is None else book(tables, first_review_date=first, as_of=as_of)
    if window is None or not window.is_order.any():
        return _nothing(reviews, "no_pds_known" if window is None else "no_orders")
    trial = replay_policies(
        window,
        limit_paths(reviews),
        known,
        reviews.applicants.policy,
        assumptions=assumptions,
        n_bootstrap=n_bootstrap,
        rng=rng,
    )
    found = {
        "limit_backtest": backtest_table(trial, interval_ratio=interval_ratio, min_defaulters=min_defaulters),
        "limit_backtest_months": trial.months,
        "limit_extrapolation": extrapolation_table(trial, largest_seen(tables, window, as_of=as_of)),
        "limit_adoption": adoption_table(
            trial,
            candidates=_candidates(reviews),
            simple_rules=[member.name for member in POLICIES if member.spec.is_simple],
            tolerance_ratio=tolerance_ratio,
            min_defaulters=min_defaulters,
            interval_ratio=interval_ratio,
        ),
    }
    return {table.name: check(found[table.name], table) for table in BACKTEST_TABLES}


def replay_policies(
    window: Book,
    paths: Mapping[str, DataFrame],
    known: DataFrame,
    policy: CreditPolicy,
    *,
    assumptions: Assumptions,
    n_bootstrap: int,
    rng: Generator,
) -> Trial:
    """Return policies replayed on a book.

    Parameters
    ----------
    window : the book, with orders
    paths : limit path by policy: ``customer_id review_date limit_amount``
    known : ``customer_id review_date pd_12m lgd_ratio`` on the days of review; ``guarantee_amount`` where there are
        securities
    policy : economics and appetite
    assumptions, n_bootstrap, rng : see `limit_backtest`
    """
    risk = known_risk(
        window,
        known,
        stopped=stopped_days(window),
        securities=daily_securities(window, known),
        asset_correlation_ratio=policy.economics.asset_correlation_ratio,
        confidence_ratio=policy.appetite.confidence_ratio,
    )
    never_stopped = tuple(member.name for member in POLICIES if not member.spec.stops_in_default)
    return tried(
        window,
        paths,
        risk,
        policy.economics,
        assumptions,
        never_stopped=never_stopped,
        n_bootstrap=n_bootstrap,
        rng=rng,
    )


def _candidates(reviews: Reviews) -> list[str]:
    """Policies that ask to be adopted."""
    paths = {"policy": reviews.policy_path, "optimised": reviews.optimised_path}
    return [code for code, path in paths.items() if path is not None]


def _nothing(reviews: Reviews, reason_code: str) -> dict[str, DataFrame]:
    """Tables where nothing can be replayed."""
    found = {table.name: empty(table) for table in BACKTEST_TABLES}
    adoption = no_adoption(candidates=_candidates(reviews), reason_code=reason_code)
    return found | {LIMIT_ADOPTION.name: check(adoption, LIMIT_ADOPTION)}
