"""Documents: generated pages in step with the code, capabilities whole and true, links alive."""

import re
from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel
from typer.main import get_command

from riskresearch.base.config import settings_yaml
from riskresearch.cli import app
from riskresearch.ledger.read import read_ledger
from riskresearch.pipeline.documents import write_documents
from riskresearch.pipeline.panel_run.mapping import panel_mapping
from riskresearch.pipeline.settings import Settings, resolve
from riskresearch.pipeline.stages import TABLES

PROJECT = Path(__file__).parents[1]
ROWS = re.findall(
    r"^\| (\d+) \| (.+?) \| (.+?) \| (.+?) \| (.+?) \|$",
    (PROJECT / "docs" / "capabilities.md").read_text(encoding="utf-8"),
    re.MULTILINE,
)


def _exists(kind, name):
    if kind == "setting":
        section, _, field = name.partition(".")
        return section in Settings.model_fields and field in Settings.model_fields[section].annotation.model_fields
    return {
        "notebook": (PROJECT / "notebooks" / f"{name}.ipynb").is_file(),
        "table": name in TABLES,
        "command": name in get_command(app).commands,
        "file": (PROJECT / name).is_file(),
    }[kind]


def test_all_87_capabilities_are_listed_once():
    assert [int(row[0]) for row in ROWS] == list(range(1, 88))


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_every_place_named_exists(row):
    _, _, state, what, where = row
    assert state in ("works", "partly", "not yet")
    assert (state == "not yet") == (where == "–") == (what == "–")
    for place in where.split("; ") if where != "–" else []:
        assert _exists(*place.split(" ", 1)), place


def test_generated_pages_are_up_to_date():
    assert write_documents(PROJECT, check=True) == [], "run `python tasks.py docs`"


def test_the_written_settings_explain_every_setting_and_read_back_as_the_defaults():
    text = settings_yaml(Settings())
    assert resolve(yaml.safe_load(text), where="default.yaml") == Settings()
    explained = {after.strip().split(":")[0] for before, after in pairwise(text.splitlines()) if _is_comment(before)}
    assert _names(Settings()) <= explained
    assert "None" not in text


def _is_comment(line):
    return re.fullmatch(r" *# \S.{10,}", line) is not None


def _names(model):
    inner = [getattr(model, name) for name in type(model).model_fields]
    return set(type(model).model_fields).union(*(_names(part) for part in inner if isinstance(part, BaseModel)))


@pytest.mark.parametrize("page", [*PROJECT.glob("*.md"), *(PROJECT / "docs").glob("*.md")], ids=lambda p: p.name)
def test_links_of_the_documents_are_alive(page):
    for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        assert target.startswith("https://") or (page.parent / target).exists(), target


def test_the_readme_has_a_command_before_line_25_and_names_only_real_commands():
    text = (PROJECT / "README.md").read_text(encoding="utf-8")
    assert any(line.strip().startswith("make report") for line in text.splitlines()[:25])
    named = set(re.findall(r"^riskresearch ([a-z-]+)|`riskresearch ([a-z-]+)", text, re.MULTILINE))
    assert {first or second for first, second in named} <= set(get_command(app).commands)


def test_the_mapping_shown_in_the_documents_reads_such_a_file(tmp_path):
    text = (PROJECT / "docs" / "own_ledger.md").read_text(encoding="utf-8")
    (tmp_path / "my_ledger.yaml").write_text(
        re.search(r"```yaml\n(.*?)```", text, re.DOTALL).group(1), encoding="utf-8"
    )
    rows = [
        "N° facture;Code client;Raison sociale;Date facture;Date échéance;Montant TTC;Date règlement",
        "0012;00451;Société Générique;05/01/2024;04/02/2024;1 250,40;10/02/2024",
        "0013;00451;Société Générique;15/01/2024;14/02/2024;99,60;",
    ]
    delivered = tmp_path / "delivered"
    delivered.mkdir()
    (delivered / "factures.csv").write_bytes("\r\n".join(rows).encode("cp1252"))
    ledger = read_ledger(delivered, mapping=tmp_path / "my_ledger.yaml")
    assert ledger["invoices"]["base_minor"].tolist() == [125040, 9960]
    assert ledger["invoices"]["customer_id"].tolist() == ["00451", "00451"]
    assert ledger["payments"]["base_minor"].tolist() == [125040]


def test_the_panel_mapping_shown_in_the_documents_is_valid(tmp_path):
    text = (PROJECT / "docs" / "own_panel.md").read_text(encoding="utf-8")
    file = tmp_path / "my_panel.yaml"
    file.write_text(re.search(r"```yaml\n(.*?)```", text, re.DOTALL).group(1), encoding="utf-8")
    mapping = panel_mapping(file)
    assert mapping.feature_dictionary()["feature_code"].tolist() == ["debt_ratio", "arrears_months"]
