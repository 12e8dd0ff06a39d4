"""The house rules: layers, sizes, no clock, no global state, the tree of ARCHITECTURE.md."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
PACKAGE = PROJECT / "src" / "riskresearch"
MODULES = sorted(PACKAGE.rglob("*.py"))
TABLE_STAGES = {"validation", "limits", "insurance", "explanation", "monitoring"}
MAY_IMPORT = {
    "base": set(),
    "ledger": {"base"},
    "behaviour": {"ledger", "base"},
    "features": {"behaviour", "ledger", "base"},
    "model": {"features", "behaviour", "ledger", "base"},
    **{stage: {"base"} for stage in TABLE_STAGES},
    "report": {"base"},
    "handover": {"base"},
    "pipeline": {"handover", "report", *TABLE_STAGES, "model", "features", "behaviour", "ledger", "base"},
    "cli": {"pipeline", "handover", "ledger", "base"},
}
TOUCHES_FILES = (
    "base/config.py",
    "base/files.py",
    "base/run.py",
    "ledger/read.py",
    "ledger/reading/",
    "ledger/fec/",
    "ledger/synthetic/export.py",
    "report/render.py",
    "report/export.py",
    "report/notebooks.py",
    "report/translator.py",
    "report/page/",
    "features/blocks.py",
    "features/engines/",
    "features/store.py",
    "handover/",
    "pipeline/",
    "cli/",
)
FILE_CALLS = {
    "open",
    "read_text",
    "write_text",
    "read_bytes",
    "write_bytes",
    "read_csv",
    "read_parquet",
    "read_excel",
    "to_csv_file",
    "unlink",
    "mkdir",
}


def _tree(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def _part(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def _imports(path):
    for node in ast.walk(_tree(path)):
        names = (
            [a.name for a in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
        yield from (name for name in names if name.startswith("riskresearch."))


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_module_imports_only_from_lower_layers(path):
    part = _part(path)
    if part == "__init__":
        return
    reached = {name.split(".")[1] for name in _imports(path)} - {part}
    assert reached <= MAY_IMPORT[part], f"{path.name} imports {reached - MAY_IMPORT[part]}"


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_modules_and_bodies_are_short(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 300
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.FunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            lines = body[-1].end_lineno - body[0].lineno + 1 if body else 0
            assert lines <= 30, f"{path.name}: body of {node.name} has {lines} lines"


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_no_stage_reads_the_clock_the_environment_or_chance(path):
    text = path.read_text(encoding="utf-8").replace("np.random.seed(0)  # noqa: NPY002", "")
    wrong = re.findall(
        r"datetime\.now|Timestamp\.now|Timestamp\.today|date\.today|time\.time\(|os\.environ|getenv|"
        r"np\.random\.(?:seed|rand|normal|random)\b|import pickle|warnings\.filterwarnings",
        text,
    )
    assert not wrong
    assert "utils" not in path.parts


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_files_are_touched_in_few_places_only(path):
    name = path.relative_to(PACKAGE).as_posix()
    if name.startswith(TOUCHES_FILES):
        return
    called = {
        node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Call)
    }
    assert not called & FILE_CALLS


@pytest.mark.parametrize(
    "path", [p for p in MODULES if _part(p) not in ("report", "pipeline")], ids=lambda p: str(p.relative_to(PACKAGE))
)
def test_only_report_draws(path):
    assert not re.search(r"^\s*(?:import|from) (?:matplotlib|seaborn|shap)", path.read_text(encoding="utf-8"), re.M)


def test_importing_the_scorer_needs_little():
    code = (
        "import sys, riskresearch.handover.score; "
        "print(sorted({'shap','matplotlib','papermill','seaborn','sklearn','duckdb','numba'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(ast.literal_eval(found.stdout))
    assert loaded <= {"sklearn", "matplotlib"}  # what lightgbm itself takes along where it is installed
    assert not loaded & {"shap", "papermill", "seaborn", "duckdb", "numba"}


def _published():
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    return {line.split("/")[0] + ("/" if "/" in line else "") for line in listed.stdout.splitlines()}


def test_the_tree_of_architecture_md_is_the_tree_on_disk():
    text = (PROJECT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    tree, package = re.findall(r"```\n(.*?)```", text, re.S)[1:3]
    named = {line.split()[0] for line in tree.splitlines() if line.strip()}
    named = {name.split("/")[0] + "/" if "/" in name else name for name in named}
    on_disk = {name for name in _published() if not name.startswith(".")}
    assert named == on_disk
    parts = {line.split()[0].rstrip("/") for line in package.splitlines() if line.strip()}
    modules = {p.name for p in PACKAGE.iterdir() if (p.is_dir() and p.name != "__pycache__")}
    assert parts == modules
