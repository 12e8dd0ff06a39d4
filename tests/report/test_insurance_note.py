"""The note for the finance director: figures at hand, both rankings, what to do, doubts, one page, safe text."""

import re
from collections.abc import Mapping
from html import unescape
from pathlib import Path

import pytest
from insurance_note_tables import SCRIPT, insurance_note_tables, policy_designs, quotes
from pandas import DataFrame, Timestamp

from riskresearch.pipeline.stages import labels
from riskresearch.report.facts import PageFacts
from riskresearch.report.page.insurance_note.page import insurance_note, write_insurance_notes

LABELS = labels()
FACTS = PageFacts("small", Timestamp("2025-12-31"), "EUR", "books", "canonical", True)
WORDS_OF_A_PAGE = 1080
"""Words, those of the table among them, that fit the A4 page of the note: one of 1,084 was printed on one page."""


def note(language: str = "en", facts: PageFacts = FACTS, **changes: DataFrame) -> str:
    tables: Mapping[str, DataFrame] = {**insurance_note_tables(), "labels": LABELS, **changes}
    return insurance_note(tables, facts, language)


def text(html: str) -> str:
    body = re.sub(r"<style>.*?</style>", "", html, flags=re.S)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", body)))


def test_it_says_what_is_paid_what_is_kept_and_the_worst_years() -> None:
    told = text(note())
    assert "€86.4K a year: premium €80K, fees and tax €5.7K, bonus, financing and own administration €700" in told
    assert "€90K a year on average, of a mean loss of €141K; the cover pays €51K" in told
    assert "€300K kept on average in the worst year of 200; €1.2M without insurance" in told


def test_it_gives_both_rankings_and_what_safety_costs() -> None:
    told = text(note())
    assert "Lowest total cost of risk: Self-insurance (€141K a year)" in told
    assert "Lowest economic cost, the capital for bad years included: Layer" in told
    assert "costs €35.4K more than no insurance; it takes €812K off the capital" in told
    row = re.search(r"Dear \$policy\$ (.*?) Captive", told)
    assert row is not None
    assert "€213K (3) €234K (3) €149K" in row.group(1)


@pytest.mark.parametrize(
    ("premium", "told"),
    [(80_000.0, "it pays."), (130_000.0, "it does not pay."), (105_000.0, "cannot be told from the €108K")],
)
def test_the_premium_is_held_against_the_interval_of_its_break_even(premium: float, told: str) -> None:
    premiums = quotes()["premium_amount"].where(quotes()["option_id"] != "layer", premium)
    html = text(note(quotes=quotes(premium_amount=premiums)))
    answers = html[html.index("The answer") : html.index("The cover with")]
    assert told in answers
    assert sum(end in answers for end in ("it pays.", "it does not pay.", "cannot be told from")) == 1


def test_what_to_do_is_that_of_the_policy_in_use_urgent_first() -> None:
    told = text(note())
    done = told[told.index("What to do") : told.index("What is doubtful")]
    assert "2 overdue items are past or near their deadline and not declared: €450 insured may lapse." in done
    assert "95% insured, first loss €280K, discretionary limit €200K, maximum €3.2M" in done
    assert "economic cost €193K instead of €195K at a technical price" in done
    assert "late ones lose their indemnity (€50.5K saved a year)" in done
    assert done.index("overdue items") < done.index("Ask for a price") < done.index("€50.5K")
    assert "3 of 5 criteria speak for insurance: insure." in done
    assert "Give back limits nobody uses" not in done


def test_claims_of_the_ledger_tell_the_policy_in_use() -> None:
    claims = DataFrame({"policy_id": ["dear", "dear", "layer"]})
    done = text(note(insurer_claims=claims))
    assert "Give back limits nobody uses, every quarter (€99 saved a year)" in done
    assert "€50.5K saved" not in done


def test_a_design_the_years_do_not_tell_from_the_quote_is_not_asked_for() -> None:
    assert "Ask for a price" not in text(note(policy_designs=policy_designs(is_quote_told_apart=False)))


def test_it_says_what_is_doubtful() -> None:
    told = text(note())
    doubts = told[told.index("What is doubtful") : told.index("For the bank")]
    assert "2 were held against the simulation: the largest gap is 1.3 standard errors" in doubts
    assert "€300K ± €4.4K" in doubts
    assert "worth their premium: Dear $policy$." in doubts
    assert re.search(r"changes with: .*\(low(er)?, high(er)?\); correlation \(low(er)?\)\.", doubts)
    assert "25% of the mean loss rests on an assumed loss given default" in doubts
    assert "1 reading of the policy is not computable:" in doubts


def test_a_simulation_that_misses_an_exact_figure_is_an_alarm() -> None:
    wrong = insurance_note_tables()["simulation_checks"].assign(z=[4.2, 0.1])
    assert "misses a figure that is known exactly by 4.2 standard errors" in text(note(simulation_checks=wrong))


def test_the_bank_reads_the_insured_share_and_the_tail_before_and_after() -> None:
    told = text(note())
    assert "Insured: 48.0% of receivables at risk of €150K" in told
    assert "€1.2M before cover, €300K after it (-75%)" in told
    assert "Loss exceeded one year in 200: €1M before, €296K after." in told
    assert "used up in 0.03% of the years" in told


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_page_is_whole_safe_and_short(language: str) -> None:
    html = note(language)
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert SCRIPT in unescape(html)
    assert not re.search(r"(src|url\()=?[\"']?https?:", html)
    told = text(html)
    assert not re.search(r"\b(nan|None|NaT)\b|<NA>|\{|\}", told)
    assert len(told.split()) < WORDS_OF_A_PAGE
    assert "size: A4" in html


def test_synthetic_data_are_announced_and_real_ones_are_not() -> None:
    assert "SYNTHETIC DATA" in note()
    assert "DONNÉES SYNTHÉTIQUES" in note("fr")
    real = PageFacts("real", Timestamp("2025-12-31"), "EUR", "books", "canonical", False)
    assert "SYNTHETIC" not in note(facts=real)


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("missing", [*insurance_note_tables()])
def test_a_run_without_one_of_its_tables_still_gets_a_note(missing: str, language: str) -> None:
    tables = {name: frame for name, frame in insurance_note_tables().items() if name != missing} | {"labels": LABELS}
    assert "</html>" in insurance_note(tables, FACTS, language)


def test_self_insurance_alone_says_that_there_is_no_policy() -> None:
    html = note(quotes=quotes().head(1))
    assert "No policy in the currency of the run was given to compare" in html
    assert "What to do" not in html


def test_no_more_options_than_fit_and_self_insurance_always() -> None:
    many = quotes().loc[[0, *([2] * 14)]].reset_index(drop=True)
    many["option_id"] = ["self_insurance", *(f"o{n}" for n in range(14))]
    many["economic_cost_amount"] = [999_000.0, *(200_000.0 + n for n in range(14))]
    told = text(note(quotes=many))
    assert told.count("Dear $policy$ €165K") == 9
    assert "Self-insurance €0" in told
    assert "5 options more cost more." in told
    assert "Dear $policy$; Dear $policy$; Dear $policy$; and 11 more" in told


@pytest.mark.parametrize("language", ["en", "fr"])
def test_many_actions_and_long_names_still_fit_a_page(language: str) -> None:
    many = quotes().loc[[0, 1, *([2] * 14)]].reset_index(drop=True)
    many["option_id"] = ["self_insurance", "layer", *(f"o{n}" for n in range(14))]
    is_own = many["option_id"] == "self_insurance"
    many["option_name"] = many["option_name"].where(is_own, "A whole-turnover policy with a yearly first loss, B")
    rules = [
        rule for family, rule in zip(LABELS["family_code"], LABELS["code"], strict=True) if family == "policy_action"
    ]
    actions = DataFrame({"option_id": "layer", "rule_code": rules, "action_status_code": "act", "reason_code": None})
    html = note(language, quotes=many, policy_actions=actions.assign(action_number=range(len(rules)), gain_amount=1e5))
    assert 500 < len(text(html).split()) < WORDS_OF_A_PAGE


def test_notes_are_written_in_both_languages(tmp_path: Path) -> None:
    made = write_insurance_notes({**insurance_note_tables(), "labels": LABELS}, FACTS, tmp_path, "fr")
    assert [path.name for path in made] == ["insurance_note.en.html", "insurance_note.fr.html", "insurance_note.html"]
    assert made[2].read_bytes() == made[1].read_bytes() != made[0].read_bytes()
