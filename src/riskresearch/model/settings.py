"""Settings of the model stage."""

from pydantic import Field

from riskresearch.base.config import StageSettings


class ModelSettings(StageSettings):
    """Default model and expert rating."""

    seed: int = Field(1, ge=0, description="seed of the learner")
    n_trees: int = Field(80, ge=10, le=2000, description="trees of the champion")
    n_leaves: int = Field(5, ge=2, le=63, description="leaves per tree; small trees suit few defaults")
    learning_rate: float = Field(0.04, gt=0, le=1, description="shrinkage of each tree")
    leaf_ratio: float = Field(
        0.01, gt=0, lt=0.5, description="smallest share of the rows in a leaf; source: domain note A3"
    )
    l2_penalty: float = Field(10.0, ge=0, description="L2 penalty on leaf values")
    n_folds: int = Field(5, ge=2, le=20, description="customer folds for calibration on unseen customers")
    slope_low: float = Field(0.9, gt=0, description="calibration slopes from here count as 1; source: domain note A3")
    slope_high: float = Field(1.1, gt=0, description="calibration slopes up to here count as 1")
    min_defaulters: int = Field(
        30,
        ge=2,
        description="customers in default in the development sample below which no "
        "model is fitted and the expert rating is used; the company's own threshold",
    )
    min_test_defaulters: int = Field(
        10,
        ge=2,
        description="customers in default out of time below which no model can "
        "be accepted; the company's own threshold",
    )
    n_bootstrap: int = Field(400, ge=50, le=10_000, description="customer resamples behind intervals of differences")
    grade_bounds: tuple[float, ...] = Field(
        (0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32),
        min_length=7,
        max_length=7,
        description="upper PD of grades A to G, factor 2 apart",
    )
    reliable_up_to: float = Field(
        0.01, gt=0, lt=1, description="PD up to which a customer is reliable; source: domain note C3, the company's own"
    )
    to_watch_up_to: float = Field(0.04, gt=0, lt=1, description="PD up to which a customer is to watch; above: risky")
    lgd_ratio: float = Field(
        0.6,
        gt=0,
        le=1,
        description="loss given default, share of the exposure, of every customer; "
        "own judgement: unsecured creditors recover 3.8 % in French liquidations (Unedic-AGS 2007), "
        "cured arrears are recovered in full",
    )
    prior_default_ratio: float = Field(
        0.02,
        gt=0,
        lt=1,
        description="yearly default rate assumed where the ledger shows too few defaults; the company's own judgement",
    )
    prior_late_factor: float = Field(
        6.0,
        ge=1,
        description="how many times as often payers more than 30 days late fail; "
        "source: Altares, quoted by affiches-parisiennes.com",
    )
    prior_late_ratio: float = Field(
        0.076,
        gt=0,
        lt=1,
        description="share of firms more than 30 days late, France H1 2023; source: Altares via AFP, 2023-09",
    )
    prior_mean_delay_days: float = Field(
        12.9,
        ge=0,
        lt=30,
        description="mean payment delay of French firms, H1 2024; source: Altares 2024-09-18 (agipi.com)",
    )
    prior_weight_receipts: float = Field(
        6.0, ge=0, description="receipts at which a customer's own delay weighs as much as the portfolio's"
    )
