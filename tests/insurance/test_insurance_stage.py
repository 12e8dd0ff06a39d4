"""The stage from exposures to tables: the demonstration options, degenerate books, and refusals."""

from pathlib import Path

import numpy as np
import pytest
import yaml
from pandas import DataFrame
from pydantic import BaseModel, ValidationError

from riskresearch.base.errors import SettingsError, TableError
from riskresearch.insurance.alternatives import alternative_from_mapping
from riskresearch.insurance.policy import policy_from_mapping
from riskresearch.insurance.settings import InsuranceSettings
from riskresearch.insurance.stage import TABLES, comparison, insure

SETTINGS = InsuranceSettings(n_years=2_000, confidence_ratio=0.99, quantile_ratios=(0.5, 0.9, 0.99))
CONFIG = Path(__file__).parents[2] / "config"


def read(folder, make):
    files = [file for file in sorted((CONFIG / folder).glob("*.yaml")) if not file.name.endswith(".cases.yaml")]
    return [make(yaml.safe_load(file.read_text(encoding="utf-8")), where=file.name) for file in files]


@pytest.fixture(scope="session")
def policies():
    """The demonstration policies on top of each other and side by side."""
    return read("policies", policy_from_mapping)


@pytest.fixture(scope="session")
def alternatives():
    return read("alternatives", alternative_from_mapping)


@pytest.fixture(scope="session")
def exposures(make_exposures):
    rng = np.random.default_rng(9)
    limits = np.where(rng.random(120) < 0.5, rng.choice([0, 10e3, 50e3], 120, p=[0.1, 0.4, 0.5]), np.nan)
    return make_exposures(
        120,
        pd_12m=rng.uniform(0.001, 0.1, 120),
        exposure_amount=rng.lognormal(9.5, 1.2, 120),
        lgd_ratio=np.where(rng.random(120) < 0.5, 0.6, np.nan),
        buyer_limit_amount=limits,
        turnover_amount=rng.lognormal(11, 1, 120),
        is_insurable=rng.random(120) < 0.95,
    )


def test_stage_makes_its_declared_tables(exposures, policies, alternatives):
    made = insure(exposures, policies, SETTINGS, alternatives=alternatives, currency_code="EUR")
    assert list(made) == [table.name for table, _ in TABLES]
    options = {"self_insurance", *(p.policy_id for p in policies), *(a.alternative_id for a in alternatives)}
    assert set(made["quotes"]["option_id"]) == options == set(made["losses"]["option_id"])
    assert len(made["covers"]) == len(options) * 120
    quotes = made["quotes"].set_index("option_id")
    others = {"named_buyers": "no_customer_covered"}  # the customers it names are not in this book
    assert quotes["status_code"].to_dict() == {option: others.get(option, "ok") for option in options}
    assert made["covers"]["is_lgd_assumed"].sum() == len(options) * exposures["lgd_ratio"].isna().sum() > 0
    plain = quotes.loc["whole_turnover"]
    assert plain.maximum_liability_amount == pytest.approx(30 * plain.premium_amount, rel=1e-12)
    for rank, cost in (
        ("total_cost_rank", "total_cost_of_risk_amount"),
        ("economic_cost_rank", "economic_cost_amount"),
    ):
        assert quotes[rank].tolist() == quotes[cost].rank(method="min").tolist()


def test_every_option_shares_the_gross_losses_and_splits_them(exposures, policies, alternatives):
    made = comparison(exposures, policies, SETTINGS, alternatives=alternatives)
    for option in made.options:
        assert option.gross == pytest.approx(made.options[0].gross, rel=1e-12)
        assert option.indemnity + option.retained == pytest.approx(option.gross, rel=1e-9)
        assert option.indemnity.min() >= -1e-6
        assert sum(option.reasons.values()) == pytest.approx(option.retained, rel=1e-9, abs=1e-6)


def test_simulated_means_agree_with_the_exact_ones_where_there_are_any(exposures, policies, make_policy):
    plain = make_policy(
        [
            {"kind": "buyer_limit", "discretionary_limit_amount": 10_000},
            {"kind": "insured_percentage", "named_ratio": 0.9, "discretionary_ratio": 0.6},
        ]
    )
    table = insure(exposures, [*policies, plain], SETTINGS)["losses"]
    known = table[table["exact_amount"].notna()]
    assert set(known["statistic_code"]) == {"mean"}
    found = known.groupby("option_id")["quantity_code"].count().to_dict()
    assert found == {policy.policy_id: 1 for policy in policies} | {"self_insurance": 3, "quote": 3}
    assert ((known["value_amount"] - known["exact_amount"]).abs() <= 4 * known["value_amount_se"]).all()


def test_season_of_the_exposures_is_used_where_it_is_wanted(exposures, policies):
    months = DataFrame(
        [
            {"customer_id": customer, "month_number": month, "exposure_ratio": 2.0 if month <= 6 else 0.0}
            for customer in exposures["customer_id"]
            for month in range(1, 13)
        ]
    )
    chosen = [policy for policy in policies if policy.policy_id == "whole_turnover"]
    flat, seasonal = (insure(exposures, chosen, SETTINGS, months=given) for given in (None, months))
    unused = insure(exposures, chosen, SETTINGS.model_copy(update={"use_season": False}), months=months)
    assert unused["quotes"].equals(flat["quotes"])
    kept, kept_seasonal = (made["quotes"].set_index("option_id") for made in (flat, seasonal))
    over_limit = {
        name: made["retention_reasons"].set_index(["option_id", "reason_code"])["expected_amount"]["whole_turnover"]
        for name, made in (("flat", flat), ("seasonal", seasonal))
    }
    assert over_limit["seasonal"]["over_limit"] > 1.2 * over_limit["flat"]["over_limit"], (
        "the same exposure in half the year exceeds the limits more often"
    )
    mean, error = "expected_gross_amount", "expected_gross_amount_se"
    apart = abs(kept_seasonal.loc["whole_turnover", mean] - kept.loc["whole_turnover", mean])
    assert apart < 4 * (kept_seasonal.loc["whole_turnover", error] + kept.loc["whole_turnover", error])


def test_same_settings_same_tables_another_seed_others(exposures, policies, alternatives):
    first, again = (
        insure(frame, policies, SETTINGS, alternatives=alternatives) for frame in (exposures, exposures.iloc[::-1])
    )
    for name in first:
        assert first[name].equals(again[name])
    other = insure(exposures, policies, SETTINGS.model_copy(update={"seed": 1}))
    assert not first["quotes"]["expected_gross_amount"].equals(other["quotes"]["expected_gross_amount"])


def assert_no_loss(made, status):
    quotes = made["quotes"]
    figures = ("expected_", "var_retained", "es_retained", "economic_capital")
    amounts = [name for name in quotes if name.startswith(figures)]
    assert (quotes[amounts].dropna(axis="columns", how="all") == 0.0).all(axis=None)
    assert quotes["status_code"].eq(status).all()
    insured = quotes[quotes["option_id"].ne("self_insurance")]
    assert (insured["premium_amount"] > 0).all()
    assert insured["loss_ratio"].eq(0.0).all()
    costs = insured["premium_amount"] + insured["fees_amount"] + insured["tax_amount"] + insured["adjustment_amount"]
    assert insured["economic_cost_amount"].to_list() == pytest.approx(costs.to_list(), rel=1e-12)
    assert (insured["break_even_premium_amount"] <= 0).all()
    assert made["retention_reasons"]["gross_share_ratio"].isna().all()


def test_book_without_any_possible_default(exposures, policies):
    assert_no_loss(insure(exposures.assign(pd_12m=0.0), policies, SETTINGS), "no_loss_possible")


def test_book_without_exposure(exposures, policies):
    assert_no_loss(insure(exposures.assign(exposure_amount=0.0), policies, SETTINGS), "no_loss_possible")


def test_book_without_customers(exposures, policies):
    made = insure(exposures.iloc[:0], policies, SETTINGS)
    assert_no_loss(made, "no_customer")
    assert made["covers"].empty


def test_book_without_insurable_customer(exposures, policies):
    made = insure(exposures.assign(is_insurable=False), policies, SETTINGS)
    quotes = made["quotes"].set_index("option_id")
    covered = {policy.policy_id: "no_customer_covered" for policy in policies}
    assert quotes["status_code"].to_dict() == {"self_insurance": "ok", **covered}
    assert quotes["expected_indemnity_amount"].eq(0.0).all()
    assert quotes["expected_gross_amount"].gt(0).all()
    assert quotes.loc["whole_turnover", "declared_turnover_amount"] == 0.0
    kept = made["retention_reasons"].set_index(["option_id", "reason_code"])["gross_share_ratio"]
    assert kept["whole_turnover"]["no_cover"] == pytest.approx(1.0, rel=1e-12)


@pytest.mark.parametrize("p_default", [0.03, 1.0])
def test_book_of_one_customer(make_exposures, policies, p_default):
    """It owes 100,000, recovers 60,000 and has a limit of 80,000 at 90 %.

    Protracted default: recovered before, so 40,000 is covered and 36,000 paid. Insolvency: recovered after, so 72,000
    is paid and 60 % of it comes back to the insurer; 28,800 stays.
    """
    one = make_exposures(1, pd_12m=p_default, exposure_amount=100_000.0, buyer_limit_amount=80_000.0)
    made = insure(one, policies, SETTINGS.model_copy(update={"lgd_concentration": None}))
    quotes = made["quotes"].set_index("option_id")
    assert quotes.loc["self_insurance", "es_retained_amount"] == pytest.approx(40_000, rel=1e-6)
    assert quotes.loc["whole_turnover", "es_retained_amount"] == pytest.approx(40_000 - 28_800, rel=1e-6)
    if p_default == 1.0:
        row = quotes.loc["whole_turnover"]
        late = (36_000 - row.expected_indemnity_amount) / (36_000 - 28_800)
        assert late == pytest.approx(1 - SETTINGS.protracted_ratio, abs=0.05)
        assert row.expected_insurer_recovery_amount == pytest.approx(late * 43_200, rel=1e-6)
        assert quotes.loc["whole_turnover_first_loss", "p_first_loss_reached_ratio"] == 1.0


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("pd_12m", 2.0, r"exposures.pd_12m: 1 rows \(C0000\) lie outside 0 to 1"),
        ("pd_12m", np.nan, r"exposures.pd_12m: 1 rows \(C0000\) must not be empty"),
        ("exposure_amount", -1.0, r"exposures.exposure_amount: 1 rows \(C0000\) lie outside 0 to inf"),
        ("exposure_amount", np.inf, r"exposures.exposure_amount: 1 rows \(C0000\)"),
        ("buyer_limit_amount", -5.0, r"exposures.buyer_limit_amount: 1 rows \(C0000\)"),
        ("lgd_ratio", 40.0, r"exposures.lgd_ratio: 1 rows \(C0000\) lie outside 0 to 1; ratios are 0-1"),
    ],
)
def test_impossible_exposure_is_refused(exposures, policies, column, value, message):
    wrong = exposures.copy()
    wrong.loc[0, column] = value
    with pytest.raises(TableError, match=message):
        insure(wrong, policies, SETTINGS)


def test_policy_in_another_currency_is_refused(exposures, policies):
    with pytest.raises(SettingsError, match=r"whole_turnover in EUR.*the exposures are in GBP"):
        insure(exposures, policies, SETTINGS, currency_code="GBP")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n_years": 1_500}, "multiple of 1000"),
        ({"n_years": 1_000}, "greater than or equal to 2000"),
        ({"n_years": 2_000, "confidence_ratio": 0.999}, "fewer than 10 years beyond confidence_ratio 0.999"),
        ({"dependence": {"correlation_ratio": 1.0}}, "less than or equal to 0.9"),
        ({"quantile_ratios": (0.9, 0.5)}, "must rise strictly"),
        ({"quantile_ratios": (0.5, 99.0)}, "lie between 0 and 1"),
        ({"years": 5}, "not permitted"),
    ],
)
def test_settings_out_of_bounds_are_refused(change, message):
    with pytest.raises(ValidationError, match=message):
        InsuranceSettings(**change)


def test_every_setting_says_what_it_is():
    def described(model):
        for name, field in model.model_fields.items():
            if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
                described(field.annotation)
            else:
                assert field.description, name

    described(InsuranceSettings)
