"""No source of the expert rating, no fold and no candidate knows what was not known on the date."""

import typing
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from model.leaky_ledger import leaky_ledger
from model.panel import panel
from small_ledger import day

from riskresearch.base.config import read_yaml, validated
from riskresearch.base.errors import LedgerError, RiskResearchError
from riskresearch.features.lookahead import look_ahead
from riskresearch.features.samples import OUTCOMES, months_after
from riskresearch.features.stage import feature_dictionary
from riskresearch.model.calibration.long_run import long_run
from riskresearch.model.candidates import CANDIDATES
from riskresearch.model.expert.accounts import AccountsSettings, accounts_pd
from riskresearch.model.expert.gate import GateSettings, gate
from riskresearch.model.external_scales import RatingScales, external_pd
from riskresearch.model.folds import customer_folds, purged_folds, time_folds
from riskresearch.model.sample import Sample
from riskresearch.pipeline.panel_run.mapping import panel_mapping
from riskresearch.pipeline.panel_run.rows import panel_rows
from riskresearch.pipeline.panel_run.telling import refuse_telling

pytestmark = pytest.mark.xdist_group("leaks")
DATES = [day("2024-03-31"), day("2024-06-30"), day("2024-11-30")]
FEATURES = sorted(
    {"overdue_ratio", "late_ratio_12m", "rating_ratio", "tenure_months", "days_late_mean_3m"}
    | {name for member in CANDIDATES for name in member.spec.needs}
)
SCALES = validated(
    RatingScales,
    read_yaml(Path(__file__).parents[2] / "config" / "rating_scales.yaml"),
    where="config/rating_scales.yaml",
)


@pytest.fixture(scope="module")
def ledger():
    """The ledger of leaks, its agency rated on the scale of S&P."""
    made = leaky_ledger()
    made.tables["ratings"]["provider_code"] = "sp"
    return made


def by_date(source):
    return lambda tables, dates: pd.concat(
        [source(tables, date).assign(observation_date=date) for date in dates], ignore_index=True
    )


SOURCES = {
    "accounts": lambda tables, date: accounts_pd(tables, AccountsSettings(), as_of=date),
    "external": lambda tables, date: external_pd(tables["ratings"], SCALES, as_of=date, max_age_months=24.0).drop(
        columns="provider_code"
    ),
    "gate": lambda tables, date: gate(tables, GateSettings(), as_of=date),
}


@pytest.mark.parametrize("name", SOURCES)
def test_a_source_of_the_expert_rating_keeps_to_what_was_known(ledger, name):
    found = look_ahead(by_date(SOURCES[name]), ledger, dates=DATES)
    assert found.loc[~found["is_clean"], "feature_code"].tolist() == []
    values = found.groupby("feature_code")["n_values"].sum()
    assert values[values.index.str.startswith(("pd_", "gate_code"))].min() > 0


def test_a_grade_that_means_default_is_an_outcome_and_gives_no_pd(ledger):
    before, after = (SOURCES["external"](ledger.tables, date).set_index("customer_id") for date in DATES[1:])
    assert before.loc["C1", ["rating_code", "status_code"]].tolist() == ["BBB", "used"]
    assert before.loc["C1", "pd_12m"] > 0
    assert after.loc["C1", ["rating_code", "status_code"]].tolist() == ["D", "default_grade"]
    assert after.loc["C1", "is_default_grade"]
    assert pd.isna(after.loc["C1", "pd_12m"])


def test_the_long_run_rate_uses_no_year_that_was_not_over(ledger):
    years = pd.DataFrame(
        {
            "end_date": [day("2022-12-31"), day("2023-12-31"), day("2024-12-31")],
            "is_complete": [True, True, True],
            "n_at_start": [100, 100, 100],
            "default_ratio": [0.01, 0.02, 0.30],
        }
    )
    found = long_run(years, until=day("2024-12-30"), confidence_ratio=0.9)
    assert (found.ratio, found.n_years) == (pytest.approx(0.015), 2)


@pytest.fixture(scope="module")
def sample():
    """A made-up panel of a few features; some values are missing."""
    frame = panel(n_customers=120, n_dates=24)
    rows = frame[frame["is_default"].notna()]
    holes = np.random.default_rng(2).random(len(rows)) < 0.1
    rows = rows.assign(rating_ratio=rows["rating_ratio"].mask(holes), months_to_default=pd.NA)
    rows = rows.astype({"months_to_default": "Int64"}).drop(
        columns=[n for n in OUTCOMES if n != "is_default"], errors="ignore"
    )
    dictionary = feature_dictionary().set_index("feature_code").loc[FEATURES].reset_index()
    return Sample.of(rows, dictionary)


@pytest.mark.parametrize("embargo_months", [0, 2])
def test_training_ends_before_the_outcomes_of_the_block_could_be_known(sample, embargo_months):
    dates = sample.rows["observation_date"]
    longer = Sample(sample.rows, sample.dictionary, horizon_months=3)
    folds = time_folds(longer, n_folds=3, embargo_months=embargo_months)
    assert len(folds) == 3
    for train, test in folds:
        last = months_after(dates[train].max(), 3 + embargo_months)
        assert last <= dates[test].min()
        assert train.any()
    tested = np.sum([test for _, test in folds], axis=0)
    assert tested.max() == 1


def test_no_customer_is_on_both_sides_of_a_customer_fold(sample):
    folds = customer_folds(sample, n_folds=4)
    for train, test in folds:
        assert not set(sample.customers[train]) & set(sample.customers[test])
    assert (np.sum([test for _, test in folds], axis=0) == 1).all()


def test_where_dates_are_too_few_folds_are_of_customers_and_say_so(sample):
    few = sample.where((sample.rows["observation_date"] < day("2022-12-01")).to_numpy())
    code, folds = purged_folds(few, n_folds=3)
    assert code == "customer"
    assert all(not set(few.customers[train]) & set(few.customers[test]) for train, test in folds)
    assert purged_folds(Sample(sample.rows, sample.dictionary, 3), n_folds=3)[0] == "time"


@pytest.mark.parametrize("name", CANDIDATES.names)
def test_a_candidate_reads_its_features_and_nothing_else(sample, name):
    """Outcome columns turned round, rows and columns in another order, further columns: the same log-odds."""
    member = CANDIDATES[name]
    model = member.function(sample, typing.get_type_hints(member.function)["settings"]())
    rows, rng = sample.rows, np.random.default_rng(0)
    scored = model.log_odds(rows)
    assert np.isfinite(scored).all()
    np.testing.assert_array_equal(model.log_odds(rows[sample.names]), scored)
    hidden = rows.assign(
        is_default=~rows["is_default"], months_to_default=1, is_default_3m=True, sample_code="scoring", customer_id="?"
    )
    order = rng.permutation(len(rows))
    columns = rng.permutation(hidden.columns)
    np.testing.assert_array_equal(model.log_odds(hidden[columns].iloc[order]), scored[order])
    np.testing.assert_array_equal(model.log_odds(rows.iloc[5:6]), scored[5:6])
    assert np.isfinite(model.log_odds(rows.assign(**dict.fromkeys(sample.names, np.nan)))).all()


@pytest.mark.parametrize("name", CANDIDATES.names)
def test_a_fit_does_not_depend_on_the_order_of_the_rows(sample, name):
    member = CANDIDATES[name]
    settings = typing.get_type_hints(member.function)["settings"]()
    mixed = sample.rows.sample(frac=1, random_state=np.random.default_rng(4))
    again = Sample.of(mixed, sample.dictionary.reset_index(), horizon_months=sample.horizon_months)
    one, other = (member.function(s, settings).log_odds(sample.rows) for s in (sample, again))
    np.testing.assert_array_equal(one, other)


def test_a_row_without_a_known_outcome_cannot_be_learned_from(sample):
    unknown = sample.rows.astype({"is_default": "boolean"})
    unknown.loc[3, "is_default"] = pd.NA
    with pytest.raises((ValueError, TypeError)):
        Sample.of(unknown, sample.dictionary.reset_index())


PANEL = """
panel: firms
title: Firms of a test
provenance: written for the test
currency_code: EUR
customer: firm
period: {date: 2005-09-30}
outcome: {column: status, bad: ["1"], good: ["0"], horizon_months: 1}
features:
"""
FEATURE = """  - {{feature: {0}, columns: [{1}], family: arrears, unit: months, direction: 1, decimals: 0,
     label_en: {0}, label_fr: {0}}}
"""
FIRMS = "firm,late,rating,status\nA,0,A,0\nB,1,B,0\nC,3,D,1\nD,0,A,0\nE,2,D,1\nF,0,B,0\n"


@pytest.mark.parametrize(
    ("column", "said"),
    [
        ("status", "features use columns that they must not: ['status'] (customer, outcome)"),
        ("rating", "firms.csv, column rating: 6 rows (A, B, C, …): no number"),
    ],
)
def test_a_panel_refuses_its_outcome_and_its_letters_as_the_page_quotes_it(tmp_path, column, said):
    (tmp_path / "firms.csv").write_text(FIRMS, encoding="utf-8")
    (tmp_path / "firms.yaml").write_text(PANEL + FEATURE.format("own", column), encoding="utf-8")
    with pytest.raises(RiskResearchError) as refused:
        panel_rows(tmp_path / "firms.csv", panel_mapping(tmp_path / "firms.yaml"))
    assert said in str(refused.value)
    assert said in (Path(__file__).parents[2] / "docs" / "leaks.md").read_text(encoding="utf-8")
    (tmp_path / "firms.yaml").write_text(PANEL + FEATURE.format("late_months", "late"), encoding="utf-8")
    rows, unknown = panel_rows(tmp_path / "firms.csv", panel_mapping(tmp_path / "firms.yaml"))
    assert len(rows) == 6
    assert unknown == ["rating"]


def test_a_rating_given_for_the_default_is_refused_in_a_panel_as_the_page_quotes_it(tmp_path):
    """Six of twenty firms are rated D, all of them and only they defaulted; late months tell less."""
    rated = [f"F{i:02d},{i % 4},{'D' if i < 6 else 'AB'[i % 2]},{int(i < 6)}" for i in range(20)]
    (tmp_path / "firms.csv").write_text("\n".join(["firm,late,rating,status", *rated]), encoding="utf-8")
    is_d = FEATURE.format("is_d", "rating").replace("columns:", 'formula: is_one_of, values: ["D"], columns:')
    (tmp_path / "firms.yaml").write_text(PANEL + FEATURE.format("late_months", "late") + is_d, encoding="utf-8")
    mapping = panel_mapping(tmp_path / "firms.yaml")
    rows = panel_rows(tmp_path / "firms.csv", mapping)[0]
    with pytest.raises(LedgerError) as refused:
        refuse_telling(rows.assign(is_default=rows["state"]), mapping)
    assert str(refused.value).partition(";")[0] in (Path(__file__).parents[2] / "docs" / "leaks.md").read_text("utf-8")
