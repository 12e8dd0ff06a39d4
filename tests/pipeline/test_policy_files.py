"""Policy files and the commands on them: check with worked cases, price on a run, a file to fill in."""

import csv
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import yaml
from pandas import DataFrame, Series, Timestamp
from typer.testing import CliRunner

from riskresearch.base.errors import SettingsError
from riskresearch.cli import app
from riskresearch.insurance.policy import POLICY_KINDS
from riskresearch.insurance.settings import InsuranceSettings
from riskresearch.insurance.terms import Premium
from riskresearch.pipeline.policy_files import check_policy, policy_at, policy_files, read_policies
from riskresearch.pipeline.policy_prices import Prices, compared, price_text, write_prices
from riskresearch.pipeline.project import POLICIES, PROJECT
from riskresearch.pipeline.session import open_session
from riskresearch.pipeline.settings import resolve

NAMES = [file.stem for file in policy_files(POLICIES)]


def run(*words: str, code: int = 0) -> str:
    done = CliRunner().invoke(app, ["policy", *words], catch_exceptions=False)
    assert done.exit_code == code, done.output
    return done.output


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A copy of a policy with its cases, to change."""
    for name in ("whole_turnover.yaml", "whole_turnover.cases.yaml"):
        shutil.copy(POLICIES / name, tmp_path / name)
    return tmp_path / "whole_turnover.yaml"


def replaced(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def test_policies_of_the_project_are_the_files_without_their_cases() -> None:
    assert NAMES == ["excess_of_loss", "named_buyers", "top_up", "whole_turnover", "whole_turnover_first_loss"]
    named = read_policies(resolve({"insurance": {"policies": NAMES}}, where="test"))
    assert [policy.policy_id for policy in named] == NAMES
    with pytest.raises(SettingsError, match="holds worked cases; give the policy file beside it"):
        policy_at(POLICIES / "whole_turnover.cases.yaml")


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_policy_is_valid_and_its_cases_agree(name: str) -> None:
    told = run("check", name)
    assert f"{name}.yaml is valid: policy '{name}'" in told
    assert f"of {name}.cases.yaml" in told
    assert ", 0 differ" in told
    assert "DIFFERS" not in told
    assert "without clause or source" not in told


def test_terms_are_listed_in_the_order_in_which_they_apply() -> None:
    lines = run("check", "excess_of_loss").splitlines()
    steps = [line.split()[:2] for line in lines if line[:1].isdigit() and "worked" not in line and "cases" not in line]
    assert steps == [
        ["1", "buyer_limit"],
        ["2", "threshold"],
        ["3", "insured_percentage"],
        ["4", "aggregate_first_loss"],
        ["5", "maximum_liability"],
    ]


def test_a_changed_clause_breaks_the_cases_that_depend_on_it(own: Path) -> None:
    replaced(own, "named_ratio: 0.90", "named_ratio: 0.85")
    told = run("check", str(own), code=1)
    assert "DIFFERS" in told
    assert "every step" in told
    line = next(line for line in told.splitlines() if line.startswith("DIFFERS") and "paid_amount" in line)
    assert line.split()[-2:] == ["108,000", "102,000"]


def test_a_policy_without_cases_says_where_they_would_stand(own: Path) -> None:
    own.with_name("whole_turnover.cases.yaml").unlink()
    assert "no worked cases: write some into whole_turnover.cases.yaml" in run("check", str(own))


def test_several_policies_are_checked_at_once_and_one_that_differs_fails_all(own: Path) -> None:
    replaced(own.with_name("whole_turnover.cases.yaml"), "paid_amount: 108000", "paid_amount: 108001")
    told = run("check", "excess_of_loss", str(own), code=1)
    assert "excess_of_loss.yaml is valid" in told
    assert "108,001" in told


def test_steps_show_what_every_term_takes_of_every_claim() -> None:
    told = run("check", "excess_of_loss", "--steps")
    (block,) = [part for part in told.split("\n\n") if part.startswith("the fixed maximum of a year: every step")]
    amounts = {line.split()[0]: line.split()[1:] for line in block.splitlines()[2:]}
    assert amounts["insured_share"] == ["260,000", "260,000"]
    assert amounts["aggregate_first_loss"] == ["150,000", "150,000"]
    assert amounts["maximum_liability"] == ["190,000", "190,000"]
    assert amounts["paid"] == ["2,000,000", "2,000,000"]


def test_text_of_a_file_reaches_the_terminal_without_control_characters(own: Path) -> None:
    content = yaml.safe_load(own.read_text(encoding="utf-8"))
    content["terms"][0]["clause"] = "article\x1b[31m 1\nnext line"
    content["name"] = "red\x1b[31m"
    own.write_text(yaml.safe_dump(content), encoding="utf-8")
    assert "\x1b" not in run("check", str(own))


def test_a_mistake_is_told_with_the_file_and_the_place(own: Path) -> None:
    replaced(own, "maximum_days: 120", "maximum_day: 120")
    with pytest.raises(SettingsError, match=r"whole_turnover\.yaml: terms\[0\] \(credit_period\)"):
        check_policy(str(own))
    with pytest.raises(SettingsError, match="file not found"):
        check_policy("no_such_policy")


@pytest.mark.parametrize("kind", POLICY_KINDS)
def test_a_new_policy_file_is_valid_and_says_what_is_to_be_filled_in(kind: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    assert str(file) in run("new", kind, "--out", str(file)).replace("\n", "")
    told = run("check", str(file))
    assert "without clause or source yet:" in told
    assert "no worked cases" in told
    before = file.read_bytes()
    with pytest.raises(SettingsError, match="is there already"):
        run("new", kind, "--out", str(file))
    assert file.read_bytes() == before


@pytest.fixture
def book() -> SimpleNamespace:
    """An open run of forty customers, as far as prices need one."""
    n = 40
    exposures = DataFrame({"customer_id": [f"C{number:03d}" for number in range(n)]}, dtype="str").assign(
        pd_12m=0.04,
        exposure_amount=[5_000.0 * (1 + number) for number in range(n)],
        lgd_ratio=0.6,
        buyer_limit_amount=[6_000.0 * (1 + number) for number in range(n)],
        limit_source="insurer",
        turnover_amount=[40_000.0 * (1 + number) for number in range(n)],
        is_insurable=True,
        requested_limit_amount=np.nan,
        is_discretionary_justified=True,
        sector_code="trade",
        country_code="FR",
        group_id=Series([None] * n, dtype="str"),
        terms_days=45.0,
        vat_ratio=0.2,
    )
    months = DataFrame({"customer_id": Series([], dtype="str"), "month_number": Series([], dtype="int64")})
    tables = {"exposures": exposures, "exposure_months": months.assign(exposure_ratio=Series([], dtype="float64"))}
    return SimpleNamespace(
        table=tables.__getitem__,
        facts={"currency_code": "EUR", "is_synthetic": True},
        folder=SimpleNamespace(name="small"),
        as_of=Timestamp("2025-12-31"),
    )


def quoted(book: SimpleNamespace, *names: str, changed: dict[str, str] | None = None) -> Prices:
    policies = [policy_at(POLICIES / f"{name}.yaml") for name in names]
    if changed:
        policies.append(policies[-1].model_copy(update=changed))
    return compared(book, policies, [], InsuranceSettings(n_years=2_000))  # type: ignore[arg-type]


def test_options_stand_in_the_order_asked_for_and_the_same_twice_is_a_close_call(book: SimpleNamespace) -> None:
    prices = quoted(book, "whole_turnover", "excess_of_loss", changed={"policy_id": "twin"})
    assert prices.quotes["option_id"].tolist() == ["self_insurance", "whole_turnover", "excess_of_loss", "twin"]
    assert ("excess_of_loss", "twin") in prices.undecided
    told = price_text(prices)
    assert told.startswith(
        "run small of 2025-12-31, a policy year, amounts in EUR, synthetic data\nby total cost of risk: "
    )
    assert "not told apart by 2,000 simulated years: " in told
    assert "excess_of_loss and twin" in told


def test_figures_that_are_sure_are_told_apart(book: SimpleNamespace) -> None:
    dear = policy_at(POLICIES / "whole_turnover.yaml")
    premium = dear.term(Premium).model_copy(update={"rate_ratio": 0.05})
    terms = tuple(premium if term.kind == "premium" else term for term in dear.terms)
    prices = quoted(book, "whole_turnover", changed={"policy_id": "dear", "terms": terms})  # type: ignore[dict-item]
    assert not any("dear" in pair for pair in prices.undecided)
    rows = prices.quotes.set_index("option_id")
    assert rows.loc["dear", "economic_cost_rank"] == 3
    assert rows.loc["dear", "premium_amount"] == pytest.approx(0.05 * rows.loc["dear", "declared_turnover_amount"])


def test_prices_are_shown_four_options_a_block_without_empty_lines(book: SimpleNamespace) -> None:
    prices = quoted(book, "whole_turnover", "whole_turnover_first_loss", "excess_of_loss", changed={"policy_id": "b"})
    _, first, second = price_text(prices).split("\n\n")
    assert first.splitlines()[0].split() == [
        "self_insurance",
        "whole_turnover",
        "whole_turnover_first_loss",
        "excess_of_loss",
    ]
    assert second.splitlines()[0].split() == ["b"]
    assert "own administration" not in first
    row = next(line for line in second.splitlines() if line.startswith("premium"))
    assert row.split()[-1] == "80,000"


def test_the_table_of_prices_has_no_formula(book: SimpleNamespace, tmp_path: Path) -> None:
    prices = quoted(book, "excess_of_loss", changed={"policy_id": "twin", "name": "=HYPERLINK(1)"})
    write_prices(prices, tmp_path / "quotes.csv")
    with (tmp_path / "quotes.csv").open(encoding="utf-8-sig", newline="") as file:
        names = [row["option_name"] for row in csv.DictReader(file)]
    assert names == ["self_insurance", "Excess of loss above 150,000", "'=HYPERLINK(1)"]


def test_a_run_without_customers_is_refused(book: SimpleNamespace) -> None:
    empty = SimpleNamespace(**{**vars(book), "table": lambda name: book.table(name).head(0)})
    with pytest.raises(SettingsError, match="run 'small' has no customer to insure"):
        quoted(empty, "excess_of_loss")


@pytest.mark.xdist_group("demo")
def test_quotes_are_priced_on_the_run_as_the_stage_does(tmp_path: Path) -> None:
    """Same policies, same settings: the command gives the figures of the run's own table."""
    work = open_session("demo", "2025-12-31", "en")
    table = work.table("quotes").set_index("option_id")
    names, others = (list(part) for part in (work.settings.insurance.policies, work.settings.insurance.alternatives))
    out = tmp_path / "quotes.csv"
    more = [word for name in others for word in ("--alternative", name)]
    told = run("price", *names, *more, "--run", "demo", "--out", str(out))
    assert "by total cost of risk: " in told
    assert "by economic cost, 8.0% of the capital" in told
    with out.open(encoding="utf-8-sig", newline="") as file:
        rows = {row["option_id"]: row for row in csv.DictReader(file)}
    assert list(rows) == ["self_insurance", *names, *others]
    for option, row in rows.items():
        for column in ("premium_amount", "expected_retained_amount", "es_retained_amount", "economic_cost_amount"):
            assert float(row[column]) == pytest.approx(table.loc[option, column], rel=1e-12)


@pytest.mark.xdist_group("demo")
def test_the_two_quotes_of_the_demonstration_change_places() -> None:
    """The story of docs/credit_insurance.md: cheaper on average, dearer once bad years are priced."""
    quotes = open_session("demo", "2025-12-31", "en").table("quotes").set_index("option_id")
    cheap, safe = quotes.loc["named_buyers"], quotes.loc["excess_of_loss"]
    assert cheap["total_cost_of_risk_amount"] < safe["total_cost_of_risk_amount"]
    assert safe["economic_cost_amount"] < cheap["economic_cost_amount"]
    assert cheap["total_cost_rank"] < safe["total_cost_rank"]
    assert safe["economic_cost_rank"] < cheap["economic_cost_rank"]
    gap = cheap["economic_cost_amount"] - safe["economic_cost_amount"]
    assert gap > 4 * (cheap["economic_cost_amount_se"] + safe["economic_cost_amount_se"])


@pytest.mark.xdist_group("demo")
def test_a_quote_in_another_currency_is_refused(own: Path, tmp_path: Path) -> None:
    replaced(own, "currency_code: EUR", "currency_code: GBP")
    with pytest.raises(SettingsError, match="whole_turnover in GBP; the exposures are in EUR"):
        run("price", str(own), "--out", str(tmp_path / "quotes.csv"))
    assert not (tmp_path / "quotes.csv").exists()


@pytest.mark.xdist_group("demo")
def test_the_figures_of_the_story_are_those_of_the_demonstration() -> None:
    """The page shows thousands; another seed may move a figure by its noise, no more."""
    quotes = open_session("demo", "2025-12-31", "en").table("quotes").set_index("option_id")
    page = (PROJECT / "docs" / "credit_insurance.md").read_text(encoding="utf-8")
    for words, column in (
        ("mean indemnity", "expected_indemnity_amount"),
        ("mean loss kept", "expected_retained_amount"),
        ("expected shortfall 99.5 % of the loss kept", "es_retained_amount"),
        ("**total cost of risk**", "total_cost_of_risk_amount"),
        ("**economic cost**", "economic_cost_amount"),
    ):
        row = next(line for line in page.splitlines() if line.startswith(f"| {words} |"))
        cells = [cell.strip().replace("*", "").replace(",", "") for cell in row.split("|")[2:5]]
        for option, cell in zip(("self_insurance", "named_buyers", "excess_of_loss"), cells, strict=True):
            found, error = (float(quotes.loc[option, name]) / 1_000 for name in (column, f"{column}_se"))
            assert float(cell.split()[0]) == pytest.approx(found, abs=3 * error + 0.5), (words, option)
