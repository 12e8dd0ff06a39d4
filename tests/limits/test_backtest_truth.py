"""The replay of a generated ledger ranks policies as the truth behind the ledger does."""

import numpy as np
import pandas as pd
import pytest
from limits.credit_policies import policy_with
from scipy.special import expit, logit
from scipy.stats import spearmanr

from riskresearch.ledger.default import DefaultSettings, defaults
from riskresearch.ledger.movements import movements
from riskresearch.ledger.synthetic.generator import synthetic_ledger
from riskresearch.limits.backtest.backtest import replay_policies
from riskresearch.limits.backtest.book import book
from riskresearch.limits.backtest.replay import ASSUMPTIONS
from riskresearch.limits.backtest.trial import Assumptions

AS_OF = pd.Timestamp("2025-12-31")
SAFE_RATIO = 0.7
"""Share of the customers and months that count as safe."""


@pytest.fixture(scope="module")
def generated():
    ledger, truth = synthetic_ledger(
        n_customers=150, n_months=36, seed=1, default_rate_ratio=0.08, invoices_per_month=1.5
    )
    tables = {name: ledger[name] for name in ("invoices", "customers", "events", "limits", "disputes")}
    tables["movements"] = movements(ledger.tables)
    tables["defaults"] = defaults(
        tables["movements"], tables["disputes"], tables["events"], DefaultSettings(), as_of=AS_OF
    )
    rows = truth[truth["observation_date"] >= "2023-12-31"].rename(columns={"observation_date": "review_date"})
    return tables, rows[["customer_id", "review_date", "pd_12m", "lgd_ratio"]].reset_index(drop=True)


def _estimated(true):
    """PDs as a good model would give them: log odds with an error of 0.7, one LGD for all."""
    noise = np.random.default_rng(1).normal(0.0, 0.7, len(true))
    known = pd.Series(expit(logit(true["pd_12m"].clip(1e-6, 1 - 1e-6)) + noise), index=true.index)
    return true.assign(pd_12m=known.where(true["pd_12m"] < 1, 1.0), lgd_ratio=0.6)


def _paths(true):
    """Policies that differ clearly: sales to the safe, to all, a little to all, to the risky only."""
    is_safe = true["pd_12m"] <= true.loc[true["pd_12m"] < 1, "pd_12m"].quantile(SAFE_RATIO)
    limits = {
        "by_risk": np.where(is_safe, np.inf, 0.0),
        "unlimited": np.full(len(true), np.inf),
        "flat": np.full(len(true), 5_000.0),
        "perverse": np.where(is_safe, 0.0, np.inf),
    }
    keys = true[["customer_id", "review_date"]]
    return {name: keys.assign(limit_amount=limit) for name, limit in limits.items()}


def _results(tables, true, known, measure):
    """Result of each policy under each assumption, at a margin so thin that risk decides."""
    policy = policy_with()
    policy = policy.model_copy(update={"economics": policy.economics.model_copy(update={"margin_ratio": 0.015})})
    trial = replay_policies(
        book(tables, first_review_date=true["review_date"].min(), as_of=AS_OF),
        _paths(true),
        known,
        policy,
        assumptions=Assumptions(),
        n_bootstrap=1,
        rng=np.random.default_rng(0),
    )
    return {lane: float(found[measure][0]) for lane, found in trial.measures.items()}


def test_policies_are_ranked_as_by_the_truth(generated):
    tables, true = generated
    by_truth = _results(tables, true, true, "net_result_expected_amount")
    by_estimate = _results(tables, true, _estimated(true), "net_result_expected_amount")
    realised = _results(tables, true, _estimated(true), "net_result_amount")
    names = list(_paths(true))
    for assumption in ASSUMPTIONS:
        ranks = {
            name: pd.Series([found[policy, assumption] for policy in names], index=names)
            for name, found in (("truth", by_truth), ("estimate", by_estimate), ("realised", realised))
        }
        assert spearmanr(ranks["estimate"], ranks["truth"]).statistic == pytest.approx(1.0)
        assert ranks["realised"].idxmax() == ranks["truth"].idxmax()
        if assumption != "prepaid":  # in advance, a small limit keeps half of the margin and owes nothing
            # seven customers default: neighbours at the lower end may change places, the upper end may not
            order = {name: found.sort_values(ascending=False).index.tolist() for name, found in ranks.items()}
            assert order["realised"][:2] == order["truth"][:2] == ["by_risk", "unlimited"]
            assert spearmanr(ranks["realised"], ranks["truth"]).statistic >= 0.8 - 1e-9


def test_losses_at_default_are_of_the_size_that_the_truth_expects(generated):
    """Sums over the whole book: few defaults, so that only the order of size can agree."""
    tables, true = generated
    realised = _results(tables, true, true, "loss_amount")["unlimited", "lost"]
    expected = _results(tables, true, true, "expected_loss_amount")["unlimited", "lost"]
    assert 0.3 < realised / expected < 3.0
