"""Files of the stage limits of a run, the card of a customer, and the commands on credit policies."""

import csv
from pathlib import Path

import openpyxl
import pytest
from typer.testing import CliRunner

from riskresearch.base.errors import SettingsError
from riskresearch.cli import app
from riskresearch.pipeline.customer_card import open_customer
from riskresearch.pipeline.limit_files import write_limit_files
from riskresearch.pipeline.project import CONFIG
from riskresearch.pipeline.session import Session, open_session

POLICIES = CONFIG / "credit_policies"


@pytest.fixture(scope="module")
def work() -> Session:
    return open_session("demo", "2025-12-31", "fr")


def run(*words: str) -> str:
    done = CliRunner().invoke(app, ["credit-policy", *words], catch_exceptions=False)
    assert done.exit_code == 0
    return done.output


@pytest.mark.xdist_group("demo")
def test_a_run_leaves_its_policy_and_its_limits(work: Session, tmp_path: Path) -> None:
    made = write_limit_files(work, tmp_path)
    assert {path.name for path in made} == {path.name for path in tmp_path.iterdir()}
    assert {"credit_policy.en.html", "credit_policy.fr.html", "limits.csv", "limits.xlsx"} <= {p.name for p in made}
    with (tmp_path / "limits.csv").open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.DictReader(file))
    limits = work.table("credit_limits").set_index("customer_id")
    assert {row["customer_id"] for row in lines} == set(limits.index)
    assert sum(float(row["limit_amount"]) for row in lines) == pytest.approx(limits["limit_amount"].sum())
    assert {(row["policy_id"], row["policy_version"]) for row in lines} == {
        (work.credit_policy().policy_id, str(work.credit_policy().version))
    }
    assert all(row["reason"] for row in lines)
    about = openpyxl.load_workbook(tmp_path / "limits.xlsx").worksheets[2]
    assert "DONNÉES SYNTHÉTIQUES" in [cell.value for line in about for cell in line]


@pytest.mark.xdist_group("demo")
def test_the_same_run_leaves_the_same_bytes(work: Session, tmp_path: Path) -> None:
    parts = []
    for name in ("first", "second"):
        folder = tmp_path / name
        folder.mkdir()
        parts.append([path.read_bytes() for path in write_limit_files(work, folder)])
    assert parts[0] == parts[1]


@pytest.mark.xdist_group("demo")
def test_the_card_tells_the_limit_of_its_customer(work: Session) -> None:
    limits = work.table("credit_limits")
    customer = str(limits.loc[limits["binding_question_code"] == "need", "customer_id"].iloc[0])
    row = limits.set_index("customer_id").loc[customer]
    card = open_customer(work, customer)
    told = card.limit_reason.iloc[0]
    numbers = told[["need_amount", "capacity_amount", "risk_amount", "cap_amount"]]
    assert numbers.astype("float64").idxmin() == "need_amount"
    assert told["need_amount"] == row["need_amount"]
    assert card.position["limit_amount"].iloc[0] == told["limit_amount"] == row["limit_amount"]
    assert set(card.POSITION) <= set(card.position.columns)
    assert len(told["reason"]) > 20
    assert card.limit_path["review_date"].is_monotonic_increasing
    reviews = work.table("limit_reviews")
    due = reviews[(reviews["customer_id"] == customer) & reviews["is_due"]]
    assert sorted(card.reviews_due["trigger_code"]) == sorted(due["trigger_code"])
    assert all(work.words.label("review_trigger", code) in told["reviews_due"] for code in due["trigger_code"])


@pytest.mark.xdist_group("demo")
def test_a_customer_without_a_limit_has_a_card_all_the_same(work: Session) -> None:
    rest = set(work.table("customer_behaviour")["customer_id"]) - set(work.table("credit_limits")["customer_id"])
    assert rest
    card = open_customer(work, min(rest))
    assert card.limit_reason.empty
    assert len(card.position) == 1


@pytest.mark.parametrize("name", ["default", "demo"])
def test_a_shipped_policy_is_valid(name: str) -> None:
    told = run("check", name)
    assert f"policy '{name}'" in told
    assert "nobody has signed it" in told
    assert told == run("check", str(POLICIES / f"{name}.yaml")).replace(str(POLICIES / f"{name}.yaml"), name)


def test_a_policy_that_is_not_valid_is_told_line_by_line(tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    text = (POLICIES / "default.yaml").read_text(encoding="utf-8")
    file.write_text(text.replace("confidence_ratio: 0.99", "confidence_ratio: 1.5"), encoding="utf-8")
    with pytest.raises(SettingsError, match=r"appetite\.confidence_ratio"):
        run("check", str(file))


def test_a_policy_is_shown_in_the_language_asked_for(tmp_path: Path) -> None:
    page = tmp_path / "policy.html"
    assert str(page) in run("show", "demo", "--language", "fr", "--out", str(page)).replace("\n", "")
    assert '<html lang="fr">' in page.read_text(encoding="utf-8")


def test_two_versions_are_compared_field_by_field(tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    text = (POLICIES / "default.yaml").read_text(encoding="utf-8")
    file.write_text(text.replace("raise_max_ratio: 0.25", "raise_max_ratio: 0.2"), encoding="utf-8")
    told = run("compare", "default", str(file))
    assert told.splitlines() == ["1 field differs", "movement.raise_max_ratio  0.25 -> 0.2"]
    assert "say the same" in run("compare", "default", "default")
