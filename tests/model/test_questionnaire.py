"""Questionnaire of the expert rating: the file, worked scores, properties."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from small_ledger import day

from riskresearch.base.config import read_yaml
from riskresearch.base.errors import LedgerError, SettingsError
from riskresearch.base.schema import check
from riskresearch.ledger.synthetic.evidence import QUESTIONNAIRE_ITEMS as SYNTHETIC_ITEMS
from riskresearch.model.expert.answers import (
    QUESTIONNAIRE_ANSWERS,
    QUESTIONNAIRE_ITEMS,
    QuestionnaireSettings,
    questionnaire_answers,
    questionnaire_items,
    questionnaire_pd,
    questionnaire_scores,
)
from riskresearch.model.expert.behaviour import FIGURES
from riskresearch.model.expert.questionnaire import questionnaire_from_mapping

PROJECT = Path(__file__).parents[2]
CASES = yaml.safe_load((PROJECT / "tests" / "cases" / "model" / "questionnaire.yaml").read_text(encoding="utf-8"))
DEFAULT = PROJECT / "config" / "questionnaires" / "default.yaml"
AS_OF = day("2025-12-31")
SETTINGS = QuestionnaireSettings()


def _item(code, weight, *, figure=None, steps=((0.0, None), (1.0, None)), **rest):
    labels = {"label_en": "words", "label_fr": "mots"}
    answers = [{"points_ratio": points, **labels, **({"from_value": v} if v else {})} for points, v in steps]
    computed = {"figure_code": figure} if figure else {}
    return {"item_code": code, "weight_ratio": weight, "answers": answers, **labels, **computed, **rest}


def _content(*items):
    return {"questionnaire_id": "test", "source": "the test", "items": list(items)}


ITEMS = (
    _item("management", 0.3, also=["openness"]),
    _item("visit", 0.2),
    _item("tenure", 0.2, figure="tenure_months", steps=((0.0, None), (0.5, 12), (1.0, 60))),
    _item("delay", 0.3, figure="delay_days", steps=((1.0, None), (0.5, 10), (0.0, 30))),
)
SMALL = questionnaire_from_mapping(_content(*ITEMS), where="test")


def _given(rows):
    columns = ["customer_id", "item_code", "answered_date", "answer_ratio"]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.assign(
        answered_date=pd.to_datetime(frame["answered_date"]).astype("datetime64[us]"),
        answer_ratio=frame["answer_ratio"].astype(float),
    )


def _figures(by_customer):
    frame = pd.DataFrame.from_dict(by_customer, orient="index").reindex(columns=list(FIGURES)).astype(float)
    return frame.rename_axis("customer_id")


def given_answers(rows, by_customer, questionnaire=SMALL, settings=SETTINGS):
    """Return table `questionnaire_answers` of answers and figures by customer, on the small questionnaire."""
    return questionnaire_answers(_given(rows), _figures(by_customer), questionnaire, settings, as_of=AS_OF)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_worked_case(case):
    answers = given_answers(case["answers"], case["figures"])
    check(answers, QUESTIONNAIRE_ANSWERS)
    scores = questionnaire_scores(answers, SETTINGS)
    names = {"score": "score_ratio", "answered": "answered_ratio", "n_answers": "n_answers", "pd": "pd_questionnaire"}
    for customer, expected in case["expected"].items():
        for key in names.keys() & expected.keys():
            wanted = np.nan if expected[key] is None else expected[key]
            assert scores.loc[customer, names[key]] == pytest.approx(wanted, rel=1e-9, nan_ok=True), (customer, key)
        found = answers[answers["customer_id"] == customer].set_index("item_code")["answer_source_code"]
        assert {item: found[item] for item in expected.get("sources", {})} == expected.get("sources", {})


def test_the_default_file_covers_the_items_of_the_issue_and_of_the_synthetic_ledger():
    questionnaire = questionnaire_from_mapping(read_yaml(DEFAULT), where=str(DEFAULT))
    asked = {"length_of_relation", "order_volume", "respect_of_terms", "communication"}
    asked |= {"site_installations", "site_processes", "management", "strategy"}
    assert asked <= set(questionnaire.weights.index)
    assert {code for code, _ in SYNTHETIC_ITEMS} <= set(questionnaire.read_as)
    assert questionnaire.weights.sum() == pytest.approx(1)
    for item in questionnaire.items:
        assert max(answer.points_ratio for answer in item.answers) > min(answer.points_ratio for answer in item.answers)


REFUSED = {
    "weights": (
        _content(_item("a", 0.5), _item("b", 0.45)),
        "q.yaml: 1 setting(s) refused: : Value error, weight_ratio of the 2 items add up to 95.0000%, must be 100 %",
    ),
    "twice": (_content(_item("a", 0.5), _item("b", 0.5, also=["a"])), "item codes given more than once"),
    "unknown key": (_content(_item("a", 1.0, colour="red")), "items.0.colour: Extra inputs are not permitted"),
    "points": (_content(_item("a", 1.0, steps=((0.0, None), (1.5, None)))), "items.0.answers.1.points_ratio"),
    "one answer": (_content(_item("a", 1.0, steps=((0.0, None),))), "items.0.answers: Tuple should have at least 2"),
    "figure": (_content(_item("a", 1.0, figure="height")), "items.0.figure_code"),
    "value without figure": (
        _content(_item("a", 1.0, steps=((0.0, None), (1.0, 5)))),
        "from_value needs a figure_code",
    ),
    "unordered": (
        _content(_item("a", 1.0, figure="tenure_months", steps=((0.0, None), (0.5, 60), (1.0, 12)))),
        "listed by rising from_value, the first without",
    ),
    "late is good": (
        _content(_item("a", 1.0, figure="delay_days", steps=((0.0, None), (1.0, 30)))),
        "points must not rise with delay_days",
    ),
    "young is good": (
        _content(_item("a", 1.0, figure="tenure_months", steps=((1.0, None), (0.0, 30)))),
        "points must not fall with tenure_months",
    ),
}


@pytest.mark.parametrize(("content", "message"), REFUSED.values(), ids=REFUSED)
def test_a_file_that_cannot_be_scored_is_refused_with_one_clear_error(content, message):
    with pytest.raises(SettingsError) as caught:
        questionnaire_from_mapping(content, where="q.yaml")
    assert message in str(caught.value)
    assert str(caught.value).startswith("q.yaml: ")


def test_answers_outside_0_to_1_are_refused():
    rows = [
        ["C1", "management", "2025-01-01", 7.0],
        ["C2", "visit", "2025-01-01", -0.1],
        ["C3", "visit", "2025-01-01", 1],
    ]
    with pytest.raises(LedgerError, match=r"2 rows \(C1/management/2025-01-01, C2/visit/2025-01-01\) lie outside 0"):
        given_answers(rows, {"C1": {}})


def test_items_tell_who_answered_and_codes_nothing_asks_for():
    rows = [
        ["C1", "openness", "2025-06-01", 0.4],
        ["C2", "management", "2025-06-01", 0.8],
        ["C2", "management", "2025-05-01", 0.1],
        ["C3", "visit", "2020-06-01", 0.8],
        ["C3", "weather", "2025-06-01", 0.8],
    ]
    questionnaires = _given(rows)
    answers = given_answers(rows, {"C1": {"delay_days": 0.0}, "C2": {"delay_days": 40.0}, "C3": {}})
    found = questionnaire_items(answers, questionnaires, SMALL)
    check(found, QUESTIONNAIRE_ITEMS)
    rows = found.set_index("item_code")
    counts = ["n_person", "n_computed", "n_stale", "n_unanswered", "n_rows"]
    assert rows.loc["management", counts].tolist() == [2, 0, 0, 1, 3]
    assert rows.loc["visit", counts].tolist() == [0, 0, 1, 2, 1]
    assert rows.loc["delay", counts].tolist() == [0, 2, 0, 1, 0]
    assert rows.loc["management", "points_mean_ratio"] == pytest.approx(0.6)
    assert rows.loc["weather", ["item_status_code", "n_rows", "weight_ratio"]].tolist() == ["not_asked", 1, 0]
    assert rows["n_rows"].sum() == len(questionnaires)


def test_on_one_day_the_items_own_code_goes_before_the_other():
    same = [["C1", "openness", "2025-06-01", 0.9], ["C1", "management", "2025-06-01", 0.1]]
    for rows in (same, same[::-1]):
        answers = given_answers(rows, {"C1": {}}).set_index("item_code")
        assert answers.loc["management", "points_ratio"] == 0.1
    later = [["C1", "openness", "2025-06-02", 0.9], ["C1", "management", "2025-06-01", 0.1]]
    answers = given_answers(later, {"C1": {}}).set_index("item_code")
    assert answers.loc["management", "points_ratio"] == 0.9


@pytest.mark.parametrize("item", ["management", "visit", "tenure", "delay"])
def test_a_better_answer_never_raises_the_pd_and_parts_add_up_to_the_score(item):
    rng = np.random.default_rng(7)
    names = [f"C{number:02d}" for number in range(30)]
    figures = {name: {"tenure_months": rng.uniform(0, 90), "delay_days": rng.uniform(0, 60)} for name in names}
    found = []
    for value in np.linspace(0, 1, 6):
        answers = given_answers([[name, item, "2025-12-31", value] for name in names], figures)
        scores = questionnaire_scores(answers, SETTINGS)
        parts = (answers["weight_ratio"] * answers["points_ratio"]).groupby(answers["customer_id"]).sum()
        assert parts.to_numpy() == pytest.approx(scores["score_ratio"].to_numpy())
        assert scores["score_ratio"].between(0, 1).all()
        found.append(scores["pd_questionnaire"])
    assert np.diff(np.array(found), axis=0).max() < 0


@pytest.mark.parametrize(("figure", "way"), [("tenure_months", -1), ("delay_days", 1)])
def test_a_later_payer_or_a_younger_relation_never_lowers_the_pd(figure, way):
    values = np.linspace(0, 90, 91)
    figures = {f"C{int(v):03d}": {"tenure_months": 20, "delay_days": 5} | {figure: v} for v in values}
    pds = questionnaire_scores(given_answers([], figures), SETTINGS)["pd_questionnaire"]
    assert (np.diff(pds) * way >= 0).all()
    assert len(pds.unique()) == 3


def test_the_score_is_mapped_by_the_odds_factor():
    scores = pd.Series([0.0, 0.25, 0.5, 1.0, np.nan])
    pds = questionnaire_pd(scores, SETTINGS)
    odds = pds / (1 - pds)
    assert odds[0] / odds[3] == pytest.approx(SETTINGS.questionnaire_odds_factor)
    assert odds[0] / odds[1] == pytest.approx(SETTINGS.questionnaire_odds_factor**0.25)
    assert pds[2] == pytest.approx(SETTINGS.prior_default_ratio)
    assert np.isnan(pds[4])
