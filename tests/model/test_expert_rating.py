"""Expert rating: every customer and prospect gets a PD from what is known of it."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from small_ledger import day, small_ledger, tables_of

from riskresearch.base.config import read_yaml, validated
from riskresearch.base.schema import check, empty
from riskresearch.behaviour.customers import CUSTOMER_BEHAVIOUR
from riskresearch.ledger.default import DEFAULTS
from riskresearch.ledger.movements import MOVEMENTS
from riskresearch.ledger.tables import LEDGER_TABLES
from riskresearch.model.expert.behaviour import PriorSettings, expected_delay_days, expert_pd, own_figures
from riskresearch.model.expert.questionnaire import questionnaire_from_mapping
from riskresearch.model.expert.rating import (
    EXPERT_READS,
    EXPERT_TABLES,
    ExpertSettings,
    default_rated_pd,
    expert_tables,
    months_of_history,
)
from riskresearch.model.external_scales import RatingScales
from riskresearch.model.grades import grade_scale

CONFIG = Path(__file__).parents[2] / "config"
QUESTIONNAIRE = questionnaire_from_mapping(read_yaml(CONFIG / "questionnaires" / "default.yaml"), where="default.yaml")
SCALE = grade_scale((0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32), reliable_up_to=0.01, to_watch_up_to=0.04)
SCALES = validated(
    RatingScales,
    {
        "scales": [
            {
                "provider_code": "agency",
                "label_en": "test",
                "label_fr": "test",
                "valid_from": "2000-01-01",
                "source": "the test",
                "grades": [
                    {"codes": ["A"], "pd_12m": 0.001, "basis_code": "own_judgement"},
                    {"codes": ["C"], "pd_12m": 0.2, "basis_code": "own_judgement"},
                ],
                "default_codes": ["D"],
            }
        ]
    },
    where="test",
)
SETTINGS = ExpertSettings()
AS_OF = day("2025-12-31")
LEDGER = small_ledger(
    [
        {
            "id": f"{customer}{month}",
            "customer": customer,
            "amount": 1000,
            "date": f"2025-{month:02d}-01",
            "due": due,
            **paid,
        }
        for customer, months in {"PUNCTUAL": range(1, 12), "LATE": range(1, 12), "NEW": (12,)}.items()
        for month in months
        for due in [f"2025-{month:02d}-28"]
        for paid in [
            {"paid": [[{"PUNCTUAL": due, "LATE": f"2025-{month + 1:02d}-27"}[customer], 1000]]} if month < 12 else {}
        ]
    ],
    customers=[{"id": name} for name in ("PUNCTUAL", "LATE", "NEW", "PROSPECT", "RATED", "BROKEN")],
    ratings=[
        {"customer": name, "provider": "agency", "date": "2025-06-30", "rating": rating}
        for name, rating in {"PUNCTUAL": "A", "LATE": "A", "NEW": "A", "RATED": "A", "BROKEN": "D"}.items()
    ],
)


def _behaviour(**rows):
    frame = pd.DataFrame.from_dict(rows, orient="index").rename_axis("customer_id").reset_index()
    plain = {"past_due_max_days": 0, "sales_amount_12m": 0.0, "tenure_months": np.nan, "n_receipts_12m": 0}
    plain |= {"open_amount": 0.0, "n_invoices_12m": 0, "days_beyond_terms_12m": np.nan, "is_terms_assumed": False}
    for name, value in plain.items():
        frame[name] = frame[name].fillna(value) if name in frame else value
    return frame


BEHAVIOUR = _behaviour(
    PUNCTUAL={"days_beyond_terms_12m": 0.0, "n_receipts_12m": 11, "sales_amount_12m": 11_000.0, "tenure_months": 12.0},
    LATE={"days_beyond_terms_12m": 29.0, "n_receipts_12m": 11, "sales_amount_12m": 11_000.0, "tenure_months": 12.0},
    NEW={"sales_amount_12m": 1_000.0, "open_amount": 1_000.0, "n_invoices_12m": 1, "tenure_months": 1.0},
    PROSPECT={},
    RATED={},
    BROKEN={},
)


def _tables(**changed):
    tables = tables_of(LEDGER, "2025-12-31")
    return (
        tables
        | {"defaults": empty(DEFAULTS), "customer_behaviour": BEHAVIOUR, "customers": LEDGER["customers"]}
        | changed
    )


def _made(**changed):
    settings = changed.pop("settings", SETTINGS)
    return expert_tables(
        _tables(**changed), settings, as_of=AS_OF, questionnaire=QUESTIONNAIRE, scales=SCALES, grade_scale=SCALE
    )


@pytest.fixture(scope="module")
def made():
    return _made()


def test_tables_agree_with_their_declaration(made):
    assert set(made) == {table.name for table in EXPERT_TABLES}
    for table in EXPERT_TABLES:
        check(made[table.name], table)


def test_every_customer_and_prospect_has_a_pd_from_what_is_known(made):
    rows = made["expert_ratings"].set_index("customer_id")
    assert rows["customer_status_code"].to_dict() == {
        "PUNCTUAL": "active",
        "LATE": "active",
        "NEW": "active",
        "PROSPECT": "prospect",
        "RATED": "prospect",
        "BROKEN": "prospect",
    }
    assert rows["n_months_history"].to_dict() == dict.fromkeys(rows.index, 0) | {"PUNCTUAL": 11, "LATE": 11}
    assert rows.loc[["PROSPECT", "RATED", "BROKEN"], "pd_behaviour"].isna().all()
    assert rows.loc["PROSPECT", "pd_12m"] == pytest.approx(SETTINGS.prior_default_ratio)
    assert rows.loc["PROSPECT", "prior_share_ratio"] == 1
    assert rows.loc["RATED", "pd_12m"] == pytest.approx(1 / (1 + (49 * 999) ** 0.5))
    shares = rows[[name for name in rows if name.endswith("_share_ratio")]]
    assert shares.sum(axis=1).to_numpy() == pytest.approx(1)


def test_a_good_rating_does_not_lift_a_late_payer(made):
    rows = made["expert_ratings"].set_index("customer_id")
    assert rows.loc["LATE", "conflict_code"] == "payments_override"
    assert rows.loc["LATE", "pd_12m"] == rows.loc["LATE", "pd_behaviour"] > SETTINGS.prior_default_ratio
    assert rows.loc["PUNCTUAL", "conflict_code"] == "external_held_back"
    assert rows.loc["NEW", "conflict_code"] == "none"
    assert rows.loc["NEW", "pd_12m"] < SETTINGS.prior_default_ratio


def test_a_default_grade_is_flagged_gives_no_pd_and_leaves_none_below_the_worst_grade(made):
    rows = made["expert_ratings"].set_index("customer_id")
    assert rows["is_default_rated"].sum() == 1
    assert rows.loc["BROKEN", "is_default_rated"]
    assert np.isnan(rows.loc["BROKEN", "pd_external"])
    assert rows.loc["BROKEN", "pd_blend"] == pytest.approx(SETTINGS.prior_default_ratio)
    assert rows.loc["BROKEN", ["pd_12m", "conflict_code"]].tolist() == [0.2, "default_rated"]


def test_the_worse_the_rating_the_higher_the_pd_up_to_default():
    pds = {}
    for rating in ("A", "C", "D"):
        ratings = LEDGER["ratings"].assign(rating_code=rating)
        pds[rating] = _made(ratings=ratings)["expert_ratings"].set_index("customer_id")["pd_12m"]
    assert (pds["A"] <= pds["C"]).all()
    assert (pds["C"] <= pds["D"]).all()
    assert (pds["C"] < pds["D"]).drop("PROSPECT").all()  # not rated at all


def test_one_provider_says_default_another_rates_worse_than_its_worst_grade():
    rows = [("C1", "agency", 0.4, False), ("C1", "other", np.nan, True), ("C2", "agency", 0.3, False)]
    ratings = pd.DataFrame(rows, columns=["customer_id", "provider_code", "pd_12m", "is_default_grade"])
    ratings = ratings.assign(rating_date=day("2025-06-30"))
    scales = [dict(SCALES.model_dump()["scales"][0], provider_code=name) for name in ("agency", "other")]
    found = default_rated_pd(ratings, RatingScales.model_validate({"scales": scales}))
    assert found.to_dict() == {"C1": 0.4}
    only = ratings[ratings["is_default_grade"]]
    assert default_rated_pd(only, RatingScales.model_validate({"scales": scales})).to_dict() == {"C1": 0.2}


def test_customers_in_default_are_left_out():
    spell = {"customer_id": "LATE", "default_date": day("2025-11-15"), "performing_date": pd.NaT}
    spells = empty(DEFAULTS).reindex(columns=DEFAULTS.names)
    spells = pd.concat([spells, pd.DataFrame([spell])], ignore_index=True).astype({"performing_date": "datetime64[us]"})
    found = _made(defaults=spells)
    assert set(found["expert_ratings"]["customer_id"]) == set(BEHAVIOUR["customer_id"]) - {"LATE"}
    assert "LATE" not in set(found["questionnaire_answers"]["customer_id"])


@pytest.mark.parametrize("own", [{"n_receipts_12m": 11, "days_beyond_terms_12m": 2.0}, {}, {"n_receipts_12m": 1}])
@pytest.mark.parametrize("rating", ["A", "C"])
def test_a_month_of_arrears_more_never_lowers_the_pd(own, rating):
    overdue = {f"N{days:03d}": days for days in (0, 1, 5, 16, 29, 30, 31, 60, 90, 120)}
    ledger = small_ledger(
        [{"id": name, "customer": name, "date": "2025-08-01", "due": "2025-08-31", "amount": 10} for name in overdue],
        ratings=[{"customer": n, "provider": "agency", "date": "2025-06-30", "rating": rating} for n in overdue],
    )
    plain = {"sales_amount_12m": 10.0, "open_amount": 10.0, "tenure_months": 5.0} | own
    behaviour = _behaviour(**{name: plain | {"past_due_max_days": days} for name, days in overdue.items()})
    tables = tables_of(ledger, "2025-12-31") | {"defaults": empty(DEFAULTS), "customer_behaviour": behaviour}
    rows = expert_tables(tables, SETTINGS, as_of=AS_OF, questionnaire=QUESTIONNAIRE, scales=SCALES, grade_scale=SCALE)[
        "expert_ratings"
    ]
    assert rows["customer_id"].tolist() == list(overdue)
    assert np.diff(rows["pd_12m"]).min() >= 0
    assert rows["pd_12m"].iloc[-1] > rows["pd_12m"].iloc[0]


def test_the_order_of_rows_changes_nothing(made):
    rng = np.random.default_rng(4)
    tables = _tables()
    shuffled = {name: tables[name].iloc[rng.permutation(len(tables[name]))] for name in EXPERT_READS}
    again = _made(**shuffled)
    for table in EXPERT_TABLES:
        pd.testing.assert_frame_equal(check(again[table.name], table), check(made[table.name], table))


def test_with_nothing_but_customers_everyone_gets_the_prior():
    declared = {table.name: table for table in (*LEDGER_TABLES, MOVEMENTS, DEFAULTS, CUSTOMER_BEHAVIOUR)}
    nothing = {name: empty(declared[name]) for name in EXPERT_READS if name != "customers"}
    rows = _made(**nothing)["expert_ratings"]
    assert len(rows) == len(BEHAVIOUR)
    assert rows["pd_12m"].to_numpy() == pytest.approx(SETTINGS.prior_default_ratio)
    assert set(rows["gate_code"]) == {"unknown"}


def test_with_no_customer_the_tables_are_empty_and_well_formed():
    declared = {table.name: table for table in (*LEDGER_TABLES, MOVEMENTS, DEFAULTS, CUSTOMER_BEHAVIOUR)}
    found = _made(**{name: empty(declared[name]) for name in EXPERT_READS})
    for table in EXPERT_TABLES:
        check(found[table.name], table)
    assert found["expert_ratings"].empty


def test_months_of_history_are_whole_months_since_the_first_invoice_known():
    invoices = [
        {"id": "A1", "customer": "A", "date": "2025-01-31", "amount": 1},
        {"id": "A2", "customer": "A", "date": "2025-02-05", "amount": 1},
        {"id": "B1", "customer": "B", "date": "2025-01-15", "recorded": "2025-03-20", "amount": 1},
    ]
    moves = tables_of(small_ledger(invoices), "2025-06-30")["movements"]
    customers = pd.Index(["A", "B", "C"], name="customer_id")
    expected = {
        "2025-02-28": [1, None],
        "2025-02-27": [0, None],
        "2025-03-19": [1, None],
        "2025-03-30": [1, 2],
        "2025-04-14": [2, 2],
    }
    for date, (first, second) in expected.items():
        found = months_of_history(moves, customers, as_of=day(date))
        assert found["A"] == first
        assert (pd.isna(found["B"]) and second is None) or found["B"] == second
        assert pd.isna(found["C"])


def test_late_payers_are_six_times_as_risky_as_punctual_ones():
    late = {"n_receipts_12m": 10**9, "days_beyond_terms_12m": 60.0}
    behaviour = _behaviour(a=late | {"days_beyond_terms_12m": 0.0}, b=late, c={})
    settings = PriorSettings()
    found = expert_pd(behaviour, settings)
    assert found["b"] / found["a"] == pytest.approx(6)
    share = settings.prior_late_ratio
    assert (1 - share) * found["a"] + share * found["b"] == pytest.approx(settings.prior_default_ratio)
    assert found["a"] < found["c"] <= found["b"]


def test_the_delay_is_shrunk_to_the_portfolio_and_never_below_the_oldest_overdue():
    # portfolio: (6 x 10 + 18 x 30) / 24 = 25; a: half 10, half 25; d: 12 days of overdue are less than the mean
    rows = {
        "a": {"n_receipts_12m": 6, "days_beyond_terms_12m": 10.0},
        "b": {"n_receipts_12m": 18, "days_beyond_terms_12m": 30.0},
    }
    rows |= {"c": {"past_due_max_days": 40}, "d": {"past_due_max_days": 12}}
    found = expected_delay_days(_behaviour(**rows), PriorSettings(prior_weight_receipts=6))
    assert found.to_dict() == pytest.approx({"a": 17.5, "b": 28.75, "c": 40, "d": 25})


def test_figures_of_prospects_are_missing_but_their_relation_is_new():
    sales = {"a": 1, "b": 2, "c": 2, "d": 9, "idle": 0, "returns": -5}
    rows = {name: {"sales_amount_12m": amount, "tenure_months": 20.0} for name, amount in sales.items()}
    behaviour = _behaviour(**rows, p={}, q={"tenure_months": 7.0})
    is_sold = pd.Series({name: name in rows for name in [*rows, "p", "q"]})
    found = own_figures(behaviour, is_sold, PriorSettings())
    ranks = {"a": 0.25, "b": 0.625, "c": 0.625, "d": 1.0, "idle": 0.0, "returns": 0.0}
    assert found["sales_rank_ratio"].dropna().to_dict() == ranks
    assert found["tenure_months"].tolist() == [20] * 6 + [0, 7]
    assert found.loc[["p", "q"], ["sales_amount_12m", "delay_days"]].isna().all(axis=None)
