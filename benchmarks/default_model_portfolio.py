"""Generated ledgers with their truth, made into the panel that a run would make."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pandas import DataFrame, Timestamp
from scipy.special import logit

from riskresearch.base.resampling import auc
from riskresearch.features.stage import feature_panel
from riskresearch.ledger.known import known_tables
from riskresearch.ledger.synthetic import synthetic_ledger
from riskresearch.model.sample import KEYS, Sample
from riskresearch.pipeline.company_files import with_rating_orders
from riskresearch.pipeline.settings import Settings, resolve

AS_OF = Timestamp("2025-12-31").as_unit("us")
MIN_TENURE_MONTHS = 12
LEAST_PD = 1e-6


@dataclass(frozen=True)
class Size:
    """Parameters of a generated ledger beside its seed."""

    n_customers: int = 5000
    n_months: int = 60
    default_rate_ratio: float = 0.035
    invoices_per_month: float = 2.3


@dataclass(frozen=True)
class Portfolio:
    """Panel of one generated ledger with its truth.

    Parameters
    ----------
    seed : seed of the ledger
    rows : table `snapshots` with the true PD of twelve months as `true_pd`; empty where the truth holds none
    dictionary : table `feature_dictionary`
    cohorts : table `default_cohorts`
    """

    seed: int
    rows: DataFrame
    dictionary: DataFrame
    cohorts: DataFrame

    @property
    def sample(self) -> Sample:
        """Development sample."""
        return Sample.of(self.rows[self.rows["sample_code"] == "development"], self.dictionary)

    @property
    def out_of_time(self) -> DataFrame:
        """Rows out of time of customers with twelve months of history."""
        is_used = (self.rows["sample_code"] == "out_of_time") & (self.rows["tenure_months"] >= MIN_TENURE_MONTHS)
        return self.rows[is_used]

    @property
    def judged(self) -> DataFrame:
        """Of these, the rows whose true PD is known."""
        return self.out_of_time[self.out_of_time["true_pd"].notna()]


def settings_of_run() -> Settings:
    """Return the default settings with the rating orders of the project, without the look-ahead check."""
    given = resolve({"features": {"look_ahead_dates": 0}}, where="default_model_facts")
    return with_rating_orders(given, as_of=AS_OF)


def portfolio(seed: int, size: Size) -> Portfolio:
    """Return the panel of the ledger of a seed, made as a run makes it, and its truth."""
    ledger, truth = synthetic_ledger(
        n_customers=size.n_customers,
        n_months=size.n_months,
        seed=seed,
        default_rate_ratio=size.default_rate_ratio,
        invoices_per_month=size.invoices_per_month,
    )
    settings = settings_of_run()
    made = feature_panel(
        known_tables(ledger, settings.default, as_of=AS_OF),
        settings.features,
        as_of=AS_OF,
        default=settings.default,
        rating_scales=settings.behaviour.rating_scales,
    )
    return joined(seed, made["snapshots"], truth, made["feature_dictionary"], made["default_cohorts"])


def joined(seed: int, panel: DataFrame, truth: DataFrame, dictionary: DataFrame, cohorts: DataFrame) -> Portfolio:
    """Return a panel with its truth."""
    true = truth[[*KEYS, "pd_12m"]].rename(columns={"pd_12m": "true_pd"})
    rows = panel.merge(true, on=KEYS, how="left", validate="one_to_one").sort_values(KEYS, ignore_index=True)
    return Portfolio(seed, rows.astype({"is_default": "boolean"}), dictionary, cohorts)


def gini(score: ArrayLike, outcome: ArrayLike) -> float:
    """Return 2 AUC - 1."""
    return 2 * auc(score, outcome) - 1


def true_log_odds(rows: DataFrame) -> NDArray[np.float64]:
    """Return the log-odds of the true PD."""
    return logit(rows["true_pd"].clip(LEAST_PD, 1 - LEAST_PD).to_numpy(float))
