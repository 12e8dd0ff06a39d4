"""A made-up customer panel with known default odds, for tests of model, validation and explanation."""

from pathlib import Path

import numpy as np
import pandas as pd
from pandas import DataFrame, Timestamp

from riskresearch.base.config import read_yaml, validated
from riskresearch.base.schema import check, empty
from riskresearch.behaviour.customers import CUSTOMER_BEHAVIOUR
from riskresearch.features.families import FEATURES
from riskresearch.features.stage import feature_dictionary
from riskresearch.features.tables import DEFAULT_COHORTS
from riskresearch.ledger.default import DEFAULTS
from riskresearch.ledger.movements import MOVEMENTS
from riskresearch.ledger.tables import LEDGER_TABLES
from riskresearch.model.expert.questionnaire import questionnaire_from_mapping
from riskresearch.model.external_scales import RatingScales
from riskresearch.model.settings import ModelSettings
from riskresearch.model.stage import Knowledge

CONFIG = Path(__file__).parents[2] / "config"
AS_OF = Timestamp("2023-12-31")
FAST = ModelSettings(n_trees=40, n_bootstrap=50, n_refits=2)
FEW = [
    "late_ratio_12m", "overdue_ratio", "days_late_mean_3m", "sales_trend_ratio_3m", "tenure_months",
    "net_worth_ratio", "rating_ratio", "sector_overdue_30_ratio",
]  # fmt: skip
KNOWN_BEFORE_SALE = ["net_worth_ratio", "rating_ratio", "sector_overdue_30_ratio"]


def panel(
    *,
    seed: int = 1,
    n_customers: int = 200,
    n_dates: int = 24,
    slope: float = 3.0,
    base: float = -4.0,
    first: str = "2022-01-31",
) -> DataFrame:
    """Return table `snapshots`: default odds rise with the late ratio and the overdue ratio."""
    rng = np.random.default_rng(seed)
    dates = pd.date_range(first, periods=n_dates, freq="ME").as_unit("us")
    rows = pd.MultiIndex.from_product(
        [[f"C{i:03d}" for i in range(n_customers)], dates], names=["customer_id", "observation_date"]
    ).to_frame(index=False)
    risk, strain = (np.repeat(rng.beta(1, 4, n_customers), n_dates) for _ in range(2))
    frame = rows.assign(**{name: rng.random(len(rows)) for name in FEATURES.names})
    frame = frame.assign(
        late_ratio_12m=np.clip(risk + rng.normal(0, 0.05, len(rows)), 0, 1),
        overdue_ratio=np.clip(strain + rng.normal(0, 0.05, len(rows)), 0, 1),
    )
    chance = 1 / (1 + np.exp(-(base + slope * 3 * (risk + strain) / 2)))
    hit = rng.random(len(rows)) < chance
    months = pd.Series(rng.integers(1, 13, len(rows)), dtype="Int64").where(hit)
    sample = np.select(
        [dates < "2023-01-01", dates < "2023-05-01", dates < "2023-11-01"],
        ["development", "purged", "out_of_time"],
        "immature",
    )
    frame = frame.assign(sample_code=np.tile(sample, n_customers), exclusion_code=None)
    frame["sample_code"] = frame["sample_code"].mask(frame["observation_date"] == dates[-1], "scoring")
    known = frame["sample_code"].isin(["development", "purged", "out_of_time"])
    return frame.assign(is_default=pd.Series(hit).astype("boolean").where(known), months_to_default=months.where(known))


def without(frame: DataFrame, *, prospects: int = 0, in_default: int = 0, inactive: int = 0) -> DataFrame:
    """Return the panel with its first customers never sold to, the next in default and the next inactive, on all dates.

    A prospect has nothing but what is known before the first sale.
    """
    n = {"never_sold": prospects, "in_default": in_default, "inactive": inactive}
    names = iter(sorted(frame["customer_id"].unique()))
    code = frame["customer_id"].map({next(names): reason for reason, count in n.items() for _ in range(count)})
    made = frame.assign(exclusion_code=code, sample_code=frame["sample_code"].mask(code.notna(), "excluded"))
    made[["is_default", "months_to_default"]] = made[["is_default", "months_to_default"]].mask(code.notna())
    unknown = [name for name in FEATURES.names if name not in KNOWN_BEFORE_SALE]
    made[unknown] = made[unknown].mask(code == "never_sold")
    return made


def inputs(frame: DataFrame, *, features: list[str] | None = None, **changed: DataFrame) -> dict[str, DataFrame]:
    """Return the tables the model stage reads."""
    dictionary = feature_dictionary()
    tables = {table.name: empty(table) for table in (*LEDGER_TABLES, MOVEMENTS, DEFAULTS)}
    return tables | {
        "snapshots": frame,
        "feature_dictionary": dictionary[dictionary["feature_code"].isin(features or FEATURES.names)],
        "default_cohorts": cohorts({}),
        **_customers(frame),
        **changed,
    }


def cohorts(rates: dict[int, float]) -> DataFrame:
    """Return table `default_cohorts` of complete calendar years with 1,000 customers each, rates by year."""
    years = list(rates)
    frame = DataFrame(
        {
            "year": [str(year) for year in years],
            "start_date": pd.to_datetime([f"{year - 1}-12-31" for year in years]),
            "end_date": pd.to_datetime([f"{year}-12-31" for year in years]),
            "n_at_start": 1000,
            "n_defaulters": [round(1000 * rate) for rate in rates.values()],
            "default_ratio": list(rates.values()),
            "is_complete": True,
        }
    )
    return check(frame, DEFAULT_COHORTS)


def knowledge(*, horizon_months: int = 12) -> Knowledge:
    """Return the questionnaire and the scales of the project."""
    questions = read_yaml(CONFIG / "questionnaires" / "default.yaml")
    scales = read_yaml(CONFIG / "rating_scales.yaml")
    return Knowledge(
        as_of=AS_OF,
        questionnaire=questionnaire_from_mapping(questions, where="default.yaml"),
        scales=validated(RatingScales, scales, where="rating_scales.yaml"),
        horizon_months=horizon_months,
    )


def _customers(frame: DataFrame) -> dict[str, DataFrame]:
    """Customers, one invoice each two years old, and their behaviour; prospects have none."""
    names = sorted(frame["customer_id"].unique())
    last = frame.drop_duplicates("customer_id", keep="last").set_index("customer_id")["exclusion_code"]
    sold = [name for name in names if last[name] != "never_sold"]
    master = next(table for table in LEDGER_TABLES if table.name == "customers")
    text = {c.name: c.codes[0] if c.codes else "x" for c in master.columns if not c.nullable}
    invoices = {"movement_id": sold, "customer_id": sold, "invoice_id": sold, "item_id": sold}
    day = Timestamp("2021-12-15").as_unit("us")
    return {
        "customers": check(DataFrame(text | {"customer_id": names}), master),
        "customer_behaviour": _behaviour(names, {name: name in sold for name in names}),
        "movements": check(
            DataFrame(invoices).assign(
                movement_code="invoice", effective_date=day, known_date=day, invoice_date=day, document_minor=100_00,
                base_minor=100_00, currency_code="EUR", invoice_kind_code="invoice",
            ),
            MOVEMENTS,
        ),
        "defaults": _defaults(list(last.index[last == "in_default"])),
    }  # fmt: skip


def _behaviour(names: list[str], is_sold: dict[str, bool]) -> DataFrame:
    sold = pd.Series(is_sold)[names].to_numpy()
    frame = DataFrame({"customer_id": names, "days_beyond_terms_12m": np.linspace(0, 40, len(names))})
    frame["days_beyond_terms_12m"] = frame["days_beyond_terms_12m"].where(sold)
    counts = {"n_receipts_12m": 12 * sold, "n_invoices_12m": 12 * sold, "sales_amount_12m": 1e4 * sold}
    money = dict.fromkeys(["open_amount", "overdue_amount", "disputed_amount", "unapplied_amount"], 0.0)
    made = frame.assign(**counts, **money, past_due_max_days=0, is_terms_assumed=False)
    return check(made, CUSTOMER_BEHAVIOUR)


def _defaults(names: list[str]) -> DataFrame:
    return check(
        DataFrame({"customer_id": names}).assign(
            default_date=Timestamp("2021-12-20"), trigger_code="past_due", trigger_end_date=None, performing_date=None
        ),
        DEFAULTS,
    )
