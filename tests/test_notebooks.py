"""Notebooks: skeleton, executed from top to bottom, thin, parameters the same everywhere."""

import ast
import re
from pathlib import Path

import nbformat
import pytest

from riskresearch.pipeline.parameters import notebook_parameters
from riskresearch.pipeline.runner import plan_job, settings_overrides
from riskresearch.pipeline.stages import STAGES
from riskresearch.report.notebooks import normalise_notebook

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))
FORBIDDEN = (
    ast.FunctionDef,
    ast.ClassDef,
    ast.For,
    ast.While,
    ast.Lambda,
    ast.With,
    ast.Try,
    ast.ListComp,
    ast.DictComp,
    ast.If,
)
FORBIDDEN_CALLS = ("merge", "groupby", "apply", "read_csv", "read_parquet", "Path", "filterwarnings", "print", "concat")


def _cells(path, kind="code"):
    return [c for c in nbformat.read(path, as_version=4).cells if c.cell_type == kind]


@pytest.fixture(params=NOTEBOOKS, ids=lambda p: p.stem)
def notebook(request):
    return request.param


def test_there_is_one_notebook_per_stage():
    assert {p.stem for p in NOTEBOOKS} == {stage.notebook for stage in STAGES} | {"00_template", "customer_file"}


def test_executed_from_top_to_bottom_without_errors(notebook):
    cells = _cells(notebook)
    assert [c.execution_count for c in cells] == list(range(1, len(cells) + 1))
    assert not [o for c in cells for o in c.outputs if o.output_type in ("error", "stream")]
    shown = [c for c in cells if c.outputs]
    assert len(shown) >= len(cells) - 2, "every cell but the parameters and the opening shows one result"


def test_first_parameters_are_the_same_everywhere_and_explained(notebook):
    found = notebook_parameters(notebook)
    assert list(found)[:3] == ["run", "as_of", "language"]
    assert [found[name].default for name in ("run", "language")] == ["demo", "en"]
    assert len(found) <= 7
    assert all(p.meaning for p in found.values())
    assert all(
        p.is_optional and p.default is None for name, p in found.items() if name not in ("run", "as_of", "language")
    )


def test_other_parameters_are_settings_of_the_stage(notebook):
    stage = next((s for s in STAGES if s.notebook == notebook.stem), None)
    extra = dict(list(notebook_parameters(notebook).items())[3:])
    if stage is None or not extra:
        assert list(extra) == (["customer_id"] if notebook.stem == "customer_file" else [])
        return
    source = _cells(notebook)[1].source
    samples = {"int": 1, "float": 0.5, "str": "text", "bool": True}
    for name, parameter in extra.items():
        given = {name: samples[parameter.kind.removeprefix("Optional[").removesuffix("]")]}
        changed = settings_overrides(plan_job(only=stage.name, until=None, given=given, language="en"))
        place = _place(changed)
        assert f'"{place}": {name}' in source, f"the notebook and `-p {name}=` change the same setting, {place}"


def _place(level):
    (name, below), *others = level.items()
    assert not others
    return f"{name}.{_place(below)}" if isinstance(below, dict) else name


def test_a_parameter_changes_the_settings_of_the_notebooks_that_declare_it_only():
    given = {"confidence_ratio": 0.99, "correlation_ratio": 0.2, "n_years": None}
    changed = settings_overrides(plan_job(only=None, until=None, given=given, language="en"))
    assert changed == {"insurance": {"confidence_ratio": 0.99, "dependence": {"correlation_ratio": 0.2}}}


def test_notebooks_are_thin(notebook):
    cells = _cells(notebook)
    assert len(cells) <= 14, "parameters, opening, and at most twelve sections"
    for cell in cells:
        assert len(cell.source.splitlines()) <= 10
        tree = ast.parse(cell.source)
        for node in ast.walk(tree):
            assert not isinstance(node, FORBIDDEN), f"{notebook.stem}: {ast.unparse(node)[:60]}"
            if isinstance(node, ast.Call):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                assert name not in FORBIDDEN_CALLS, f"{notebook.stem}: {name}"
        assert not re.search(r"^\s*[%!]|;\s*$", cell.source, re.M)


def test_sections_have_a_question_and_prose_holds_no_result(notebook):
    prose = _cells(notebook, "markdown")
    assert all(word in prose[0].source for word in ("**Reads**", "**Writes**", "**Ends with**"))
    assert prose[-1].source.startswith("**Next")
    for cell in prose:
        assert not re.search(r"\d{3,}|\d+[.,]\d+ ?%?", cell.source.replace("NN", "")), cell.source


def test_stored_form_is_the_normal_form(notebook):
    stored = nbformat.read(notebook, as_version=4)
    assert nbformat.writes(normalise_notebook(stored)) == notebook.read_text(encoding="utf-8").rstrip("\n")


def test_pictures_have_alternative_text_and_a_digest(notebook):
    for cell in _cells(notebook):
        for output in cell.outputs:
            if "image/png" in output.get("data", {}):
                assert output["data"]["text/plain"].startswith("[figure] ")
                assert output["metadata"]["image/png"]["alt"]
