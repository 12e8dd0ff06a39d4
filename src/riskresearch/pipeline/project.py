"""Where things are: the project's folders and the digest of its code."""

from functools import cache
from pathlib import Path

from riskresearch.base.errors import RunError
from riskresearch.base.run import digest_files

PACKAGE = Path(__file__).parents[1]
PROJECT = PACKAGE.parents[1]
NOTEBOOKS = PROJECT / "notebooks"
CONFIG = PROJECT / "config"
POLICIES = CONFIG / "policies"
DEMO_RUN = "demo"
DEMO_LEDGER = PROJECT / "data" / "demo"
DEMO_CONFIG = CONFIG / "demo.yaml"


def run_path(run: str, *, home: Path = PROJECT) -> Path:
    """Return the folder of a run: ``data/runs/<run>``, or `run` itself where it is a path.

    Raises
    ------
    RunError
        The name holds characters that do not belong into a folder name.
    """
    if "/" in run or "\\" in run:
        return Path(run)
    if not run or run.startswith(".") or any(c in run for c in '<>:"|?*'):
        raise RunError(f"run name {run!r}: use letters, digits, '-' and '_' (it names a folder)")
    return home / "data" / "runs" / run


def report_path(run_folder: Path) -> Path:
    """Return the folder of a run's reports, ``reports/<run>`` beside ``data``."""
    above = run_folder.resolve().parents
    if len(above) < 3:
        raise RunError(
            f"run folder {run_folder}: give a folder such as HOME/data/runs/NAME; reports go to HOME/reports"
        )
    return above[2] / "reports" / run_folder.name


@cache
def code_digest() -> str:
    """Return one SHA-256 over the package's source files: a change of code makes tables stale."""
    files = [path for path in PACKAGE.rglob("*") if path.suffix in (".py", ".toml", ".j2")]
    return digest_files(files, PACKAGE)
