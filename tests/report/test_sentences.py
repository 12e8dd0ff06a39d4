"""Sentences on customers: what a reason, a change and an improvement say, in both languages."""

import pytest
from explanation_tables import ITEM, explanation_tables
from pandas import DataFrame

from riskresearch.features.stage import feature_dictionary
from riskresearch.pipeline.stages import labels
from riskresearch.report.sentences import Teller, told_changes, told_customer, told_improvements, told_reasons
from riskresearch.report.translator import translator

HARD, NARROW = "\u00a0", "\u202f"
CUSTOMERS = ["C1", "C2", "C3", "C4", "C5"]


@pytest.fixture(scope="module")
def tables() -> dict[str, DataFrame]:
    return {**explanation_tables(CUSTOMERS), "feature_dictionary": feature_dictionary()}


def plain(text: str) -> str:
    return text.replace(HARD, " ").replace(NARROW, " ")


def told(tables: dict[str, DataFrame], name: str, customer: str, language: str = "en", **changes: object) -> list[str]:
    tell = {"reasons": told_reasons, "customer_changes": told_changes, "improvements": told_improvements}[name]
    words = translator(language, labels())
    frame = tables[name].assign(**changes)
    rows = tell(frame, tables["feature_dictionary"], words=words, customers=[customer])
    assert set(rows["customer_id"]) <= {customer}
    return [plain(sentence) for sentence in rows["sentence"]]


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        (
            "en",
            "mean delay of the receipts of 3 months: 38.0 days on 31 Dec 2025 (median of the sector construction: "
            "19.0 days; 30 Nov 2025: 28.5 days) – raises the probability by about 3.2 points",
        ),
        (
            "fr",
            "retard moyen des règlements sur 3 mois : 38,0 jours au 31 déc. 2025 (médiane du secteur construction : "
            "19,0 jours ; 30 nov. 2025 : 28,5 jours) – élève la probabilité d'environ 3,2 points",
        ),
    ],
)
def test_a_reason_tells_value_date_comparison_and_points(
    tables: dict[str, DataFrame], language: str, sentence: str
) -> None:
    assert told(tables, "reasons", CUSTOMERS[0], language)[0] == sentence


def test_reasons_stand_in_the_order_of_their_rank(tables: dict[str, DataFrame]) -> None:
    names = [sentence.split(":")[0] for sentence in told(tables, "reasons", CUSTOMERS[0])]
    assert names == [
        "mean delay of the receipts of 3 months",
        "share of the open amount over 30 days late",
        "open amount in months of sales",
    ]


def test_a_reason_without_sector_or_history_is_shorter(tables: dict[str, DataFrame]) -> None:
    assert told(tables, "reasons", CUSTOMERS[3])[1] == (
        "mean delay of the receipts of 3 months: 38.0 days on 31 Dec 2025 (median of all customers: 19.0 days) – "
        "raises the probability by about 3.2 points"
    )
    alone = told(tables, "reasons", CUSTOMERS[3], comparison_value=None)[1]
    assert alone.startswith("mean delay of the receipts of 3 months: 38.0 days on 31 Dec 2025 – ")


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "share of the open amount over 30 days late: not known (nothing open) – raises"),
        ("fr", "part de l'encours échue depuis plus de 30 jours : inconnu (rien d'ouvert) – élève"),
    ],
)
def test_a_missing_value_is_told_with_what_it_means(tables: dict[str, DataFrame], language: str, sentence: str) -> None:
    assert told(tables, "reasons", CUSTOMERS[1], language)[1].startswith(sentence)


def test_a_missing_value_before_is_said_to_be_unknown(tables: dict[str, DataFrame]) -> None:
    assert "; 30 Nov 2025: not known)" in told(tables, "reasons", CUSTOMERS[0], previous_value=None)[0]


@pytest.mark.parametrize(
    ("points", "end"),
    [(0.0004, "by less than 0.1 points"), (0.0005, "by about 0.1 points"), (0.123, "by about 12.3 points")],
)
def test_no_reason_raises_by_zero_points(tables: dict[str, DataFrame], points: float, end: str) -> None:
    assert told(tables, "reasons", CUSTOMERS[0], pd_points=points)[0].endswith(end)


def test_a_customer_without_reason_is_told_why(tables: dict[str, DataFrame]) -> None:
    assert told(tables, "reasons", CUSTOMERS[4]) == ["in default"]
    assert told(tables, "reasons", CUSTOMERS[4], "fr") == ["en défaut"]
    cold = told(tables, "reasons", CUSTOMERS[4], no_reason_code="cold_start")
    assert cold == ["rated without payment history; the PD is not taken apart"]


def test_a_source_of_the_expert_rating_is_told_by_its_probability(tables: dict[str, DataFrame]) -> None:
    first = tables["reasons"].head(1).assign(feature_code="accounts", feature_value=0.12, comparison_value=0.04)
    teller = Teller(tables["feature_dictionary"], translator("en", labels()))
    assert teller.brief(first.iloc[0]) == (
        "annual accounts: probability 12.0% (median of the sector construction: probability 4.0%)"
    )
    override = first.assign(feature_code="payments_override", feature_value=None).iloc[0]
    assert teller.brief(override) == "weak payments override the other sources"


def test_a_feature_in_whole_days_has_no_decimals(tables: dict[str, DataFrame]) -> None:
    teller = Teller(tables["feature_dictionary"], translator("en", labels()))
    assert teller.value("days_since_sale", 47.0) == "47 days"
    assert teller.value("days_since_sale", 1.0) == "1 day"
    assert teller.value("days_late_mean_3m", 47.0) == "47.0 days"
    assert teller.value("tenure_months", 1.0) == "1 month"
    assert teller.value("sector_failure_ratio", 0.0598) == "6.0%"


@pytest.mark.parametrize(
    ("customer", "language", "sentence"),
    [
        (
            CUSTOMERS[0],
            "en",
            "Since 30 Nov 2025 the probability went from 0.60% to 0.72%; the grade stays B. Raised most by: mean delay "
            "of the receipts of 3 months. Lowered most by: share of the open amount over 30 days late.",
        ),
        (
            CUSTOMERS[3],
            "fr",
            "Depuis le 30 nov. 2025, la probabilité est passée de 40,0 % à 25,0 % et la note de H à G. Abaissée "
            "surtout par : retard moyen des règlements sur 3 mois.",
        ),
        (
            CUSTOMERS[2],
            "en",
            "Since 30 Nov 2025 the probability went from 5.0% to 6.0%; the grade stays E. The change is not taken "
            "apart: PD from another source.",
        ),
    ],
)
def test_a_change_tells_probability_grade_and_what_moved_them(
    tables: dict[str, DataFrame], customer: str, language: str, sentence: str
) -> None:
    assert told(tables, "customer_changes", customer, language) == [sentence]


def test_a_rating_that_was_not_there_is_no_change(tables: dict[str, DataFrame]) -> None:
    rows = told(tables, "customer_changes", CUSTOMERS[1], pd_before=None, change_status_code="no_rating_before")
    assert rows == ["Since 30 Nov 2025: no rating before."]


def test_a_changed_model_is_named_where_it_outweighs_the_customer(tables: dict[str, DataFrame]) -> None:
    since_run = {"comparison_code": "previous_run", "data_part": -0.1}
    more = told(tables, "customer_changes", CUSTOMERS[1], model_part=0.8, **since_run)[0]
    less = told(tables, "customer_changes", CUSTOMERS[1], model_part=0.1, **since_run)[0]
    assert more.endswith("More of it comes from the changed model than from the customer.")
    assert "changed model" not in less


def test_an_improvement_is_told_once_and_the_cheapest_first(tables: dict[str, DataFrame]) -> None:
    assert told(tables, "improvements", CUSTOMERS[1]) == [
        f"If item {ITEM} (€12,000) had been paid on 30 Dec 2025: probability 3.0% → 1.8%, grade D → C",
        "If its 2 overdue items (€20,000) had been paid on 30 Dec 2025: probability 3.0% → 1.2%, grade D → C",
    ]
    assert told(tables, "improvements", CUSTOMERS[3], "fr") == [
        "Si le poste I7 (500,00 €) avait été réglé le 30 déc. 2025 : probabilité 25,0 % → 20,0 % ; la note reste G"
    ]


def test_an_improvement_that_was_not_scored_says_so(tables: dict[str, DataFrame]) -> None:
    assert told(tables, "improvements", CUSTOMERS[2]) == [
        "If item I9 (€80.00) had been paid on 30 Dec 2025: not rated by the model"
    ]


def test_customers_stand_in_the_order_asked_for(tables: dict[str, DataFrame]) -> None:
    words = translator("en", labels())
    asked = [CUSTOMERS[3], "nobody", CUSTOMERS[0]]
    rows = told_reasons(tables["reasons"], tables["feature_dictionary"], words=words, customers=asked)
    assert list(dict.fromkeys(rows["customer_id"])) == [CUSTOMERS[3], CUSTOMERS[0]]
    none = told_reasons(tables["reasons"], tables["feature_dictionary"], words=words, customers=[])
    assert list(none.columns) == ["customer_id", "rank", "sentence"]
    assert none.empty


def test_all_that_is_told_of_a_customer_stands_by_topic(tables: dict[str, DataFrame]) -> None:
    words = translator("en", labels())
    whole = told_customer(tables, words=words, customer_id=CUSTOMERS[1])
    assert list(whole["topic_code"]) == ["because"] * 3 + ["since"] + ["had_it_paid"] * 2
    in_default = told_customer(tables, words=words, customer_id=CUSTOMERS[4])
    assert in_default["sentence"].tolist() == [
        "in default",
        "Since 30 Nov 2025 the probability went from 20.0% to "
        "100.0% and the grade from G to X (in default). The change is not taken apart: now in default.",
    ]
    nothing = {name: frame.head(0) for name, frame in tables.items() if name != "improvements"}
    assert told_customer(nothing, words=words, customer_id=CUSTOMERS[1]).empty
