"""What keeps a default model from the truth: what the ledger does not show, and how few defaults it learns from."""

from collections.abc import Callable, Iterator, Sequence

import lightgbm as lgb
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame
from scipy.special import logit

from default_model_portfolio import Portfolio, gini, true_log_odds
from riskresearch.model.candidates.boosted import BoostedSettings, lightgbm
from riskresearch.model.sample import Sample

N_TREES = 400
HIGH_PD = 0.5
TEACHER = {
    "objective": "cross_entropy",
    "num_leaves": 31,
    "learning_rate": 0.05,
    "feature_fraction": 0.4,
    "min_data_in_leaf": 200,
    "lambda_l2": 10,
    "max_bin": 63,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "seed": 1,
    "verbosity": -1,
}
Floats = NDArray[np.float64]
Scorer = Callable[[DataFrame], Floats]


def hidden_stops(rows: DataFrame) -> dict[str, float]:
    """Return how many defaults come from customers who have stopped paying where nothing is overdue yet.

    Parameters
    ----------
    rows : judged rows of a portfolio

    Returns
    -------
    Share of the rows, and of the rows followed by a default, whose true PD is above 0.5 and nothing is overdue.
    """
    hidden, hit = _is_hidden(rows), rows["is_default"].to_numpy(bool)
    return {"hidden_rows": float(hidden.mean()), "hidden_defaults": float(hidden[hit].mean())}


def _is_hidden(rows: DataFrame) -> NDArray[np.bool_]:
    nothing = rows["overdue_max_days"].fillna(0).to_numpy(float) == 0
    return nothing & (rows["true_pd"].to_numpy(float) > HIGH_PD)


def shares(one: Portfolio, scores: dict[str, Floats]) -> DataFrame:
    """Return Gini, as a share of the truth's, and correlation with its log-odds, of scores of the judged rows."""
    rows = one.judged
    hit, true = rows["is_default"].to_numpy(bool), true_log_odds(rows)
    best = gini(true, hit)
    lines = [
        {
            "seed": one.seed,
            "model": name,
            "share": gini(odds, hit) / best,
            "correlation": float(np.corrcoef(odds, true)[0, 1]),
        }
        for name, odds in scores.items()
    ]
    return DataFrame(lines)


def blind(rows: DataFrame) -> Floats:
    """Return the true log-odds as far as they can be known while nothing is overdue.

    The hidden stops get the mean true PD of the other customers with nothing overdue.
    """
    hidden, true = _is_hidden(rows), rows["true_pd"].to_numpy(float)
    prompt = ~hidden & (rows["overdue_max_days"].fillna(0).to_numpy(float) == 0)
    return np.where(hidden, logit(true[prompt].mean()), true_log_odds(rows))


def bounds(portfolios: Sequence[Portfolio]) -> Iterator[DataFrame]:
    """Yield, per portfolio, the shares of models that are taught what a company cannot have.

    *truth, blind to hidden stops*: the truth without the payments that have stopped where nothing is overdue yet.
    *taught the truth*: the same features, but the true PD itself is learnt instead of defaults: all that the ledger
    shows. *taught the truth, other ledgers*: learnt from the pooled development samples of half of the other ledgers.
    *champion, other ledgers*: the champion with its own settings learns defaults, from these ledgers: the same model
    with several times as many defaults.
    """
    groups = [portfolios[0::2], portfolios[1::2]]
    for place, group in enumerate(groups):
        other = groups[1 - place]
        pooled = _pooled(other)
        for one in group:
            taught = {"taught the truth": _taught(one.sample), **pooled}
            scores = {name: score(one.judged) for name, score in taught.items()}
            yield shares(one, {"truth, blind to hidden stops": blind(one.judged), **scores})


def _pooled(portfolios: Sequence[Portfolio]) -> dict[str, Scorer]:
    if not portfolios:
        return {}
    parts = [one.sample.rows.assign(customer_id=lambda r, s=one.seed: f"{s} " + r["customer_id"]) for one in portfolios]
    sample = Sample.of(pd.concat(parts, ignore_index=True), portfolios[0].dictionary)
    champion = lightgbm(sample, BoostedSettings())
    return {"taught the truth, other ledgers": _taught(sample), "champion, other ledgers": champion.log_odds}


def _taught(sample: Sample) -> Scorer:
    known = sample.where(sample.rows["true_pd"].notna().to_numpy())
    data = lgb.Dataset(known.features.to_numpy(float), known.rows["true_pd"].to_numpy(float))
    booster = lgb.train(TEACHER, data, N_TREES)
    names = known.names

    def score(rows: DataFrame) -> Floats:
        made = booster.predict(rows[names].to_numpy(float), raw_score=True, num_threads=1)
        return np.asarray(made, dtype=float)

    return score
