"""The stage from exposures to tables: the demonstration policies, degenerate books, and refusals."""

from pathlib import Path

import numpy as np
import pytest
import yaml
from pydantic import ValidationError

from riskresearch.base.errors import SettingsError, TableError
from riskresearch.base.schema import table_dictionary
from riskresearch.insurance.policy import policy_from_mapping
from riskresearch.insurance.settings import InsuranceSettings
from riskresearch.insurance.stage import insure
from riskresearch.insurance.tables import INSURANCE_TABLES

SETTINGS = InsuranceSettings(n_years=2_000, confidence_ratio=0.99, quantile_ratios=(0.5, 0.9, 0.99))


@pytest.fixture(scope="session")
def policies():
    folder = Path(__file__).parents[2] / "config" / "policies"
    read = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.yaml"))]
    return [policy_from_mapping(content, where="demonstration") for content in read]


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


def test_stage_makes_its_declared_tables(exposures, policies):
    made = insure(exposures, policies, SETTINGS, currency_code="EUR")
    assert set(made) == set(table_dictionary(INSURANCE_TABLES))
    options = {"self_insurance", "whole_turnover", "whole_turnover_first_loss"}
    assert set(made["quotes"]["option_id"]) == options == set(made["losses"]["option_id"])
    assert len(made["covers"]) == 3 * 120
    assert made["quotes"]["status_code"].eq("ok").all()
    assert made["covers"]["is_lgd_assumed"].sum() == 3 * exposures["lgd_ratio"].isna().sum() > 0
    assert made["quotes"].set_index("option_id")["maximum_liability_amount"]["whole_turnover"] == pytest.approx(
        30 * made["quotes"].set_index("option_id")["premium_amount"]["whole_turnover"], rel=1e-12
    )


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
    assert known.groupby("option_id")["quantity_code"].count().to_dict() == {
        "quote": 3,
        "self_insurance": 3,
        "whole_turnover": 1,
        "whole_turnover_first_loss": 1,
    }
    assert ((known["value_amount"] - known["exact_amount"]).abs() <= 4 * known["value_amount_se"]).all()


def test_same_settings_same_tables_another_seed_others(exposures, policies):
    first, again = (insure(frame, policies, SETTINGS) for frame in (exposures, exposures.iloc[::-1]))
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
    insured = quotes[quotes["option_kind_code"].eq("whole_turnover")]
    assert (insured["premium_amount"] >= 15_000).all()
    assert insured["loss_ratio"].eq(0.0).all()
    costs = insured["premium_amount"] + insured["fees_amount"] + insured["tax_amount"]
    assert insured["economic_cost_amount"].to_list() == pytest.approx(costs.to_list(), rel=1e-12)
    indicator = made["policy_indicators"].set_index("indicator_code")
    assert indicator.loc["indemnity_to_gross_ratio", "reason_code"].eq("denominator_is_zero").all()


def test_book_without_any_possible_default(exposures, policies):
    assert_no_loss(insure(exposures.assign(pd_12m=0.0), policies, SETTINGS), "no_loss_possible")


def test_book_without_exposure(exposures, policies):
    assert_no_loss(insure(exposures.assign(exposure_amount=0.0), policies, SETTINGS), "no_loss_possible")


def test_book_without_customers(exposures, policies):
    made = insure(exposures.iloc[:0], policies, SETTINGS)
    assert_no_loss(made, "no_customer")
    assert made["covers"].empty
    reasons = made["policy_indicators"].set_index(["indicator_code", "option_id"])["reason_code"]
    assert reasons["gross_cover_ratio"].eq("denominator_is_zero").all()


def test_book_without_insurable_customer(exposures, policies):
    made = insure(exposures.assign(is_insurable=False), policies, SETTINGS)
    quotes = made["quotes"].set_index("option_id")
    covered = {"whole_turnover": "no_customer_covered", "whole_turnover_first_loss": "no_customer_covered"}
    assert quotes["status_code"].to_dict() == {"self_insurance": "ok", **covered}
    assert quotes["expected_indemnity_amount"].eq(0.0).all()
    assert quotes["expected_gross_amount"].gt(0).all()
    assert quotes.loc["whole_turnover", "declared_turnover_amount"] == 0.0
    kept = made["retention_reasons"].set_index(["option_id", "reason_code"])["gross_share_ratio"]
    assert kept["whole_turnover"]["no_cover"] == pytest.approx(1.0, rel=1e-12)


@pytest.mark.parametrize("p_default", [0.03, 1.0])
def test_book_of_one_customer(make_exposures, policies, p_default):
    one = make_exposures(1, pd_12m=p_default, exposure_amount=100_000.0, buyer_limit_amount=80_000.0)
    made = insure(one, policies, SETTINGS.model_copy(update={"lgd_concentration": None}))
    quotes = made["quotes"].set_index("option_id")
    assert quotes.loc["self_insurance", "es_retained_amount"] == pytest.approx(40_000, rel=1e-12)
    assert quotes.loc["whole_turnover", "es_retained_amount"] == pytest.approx(4_000, rel=1e-12)
    if p_default == 1.0:
        assert quotes.loc["whole_turnover", "expected_indemnity_amount"] == pytest.approx(36_000, rel=1e-12)
        assert quotes.loc["whole_turnover", "expected_indemnity_amount_se"] == pytest.approx(0.0, abs=1e-9)
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
        ({"correlation_ratio": 1.0}, "less than or equal to 0.9"),
        ({"quantile_ratios": (0.9, 0.5)}, "must rise strictly"),
        ({"quantile_ratios": (0.5, 99.0)}, "lie between 0 and 1"),
        ({"years": 5}, "not permitted"),
    ],
)
def test_settings_out_of_bounds_are_refused(change, message):
    with pytest.raises(ValidationError, match=message):
        InsuranceSettings(**change)


def test_every_setting_says_what_it_is():
    assert all(field.description for field in InsuranceSettings.model_fields.values())
