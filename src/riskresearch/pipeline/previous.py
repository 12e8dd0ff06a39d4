"""The run before: what has changed since is told against its model and its customers."""

from pathlib import Path

from pandas import Timestamp

from riskresearch.base.errors import RunError
from riskresearch.base.run import RunFolder
from riskresearch.pipeline.settings import resolve
from riskresearch.pipeline.stages import Previous

PREVIOUS_READS = ("model_parts", "snapshots", "scored", "expert_ratings")
"""Tables of the previous run that the stage explanation is given."""
SAME_FACTS = ("currency_code", "is_panel", "is_synthetic")
"""What two runs of the same books have in common; files and mappings may have other names."""


def previous_folder(name: str, run: RunFolder, as_of: Timestamp) -> RunFolder:
    """Return the folder of the previous run of the same ledger or panel.

    Parameters
    ----------
    name : run beside this one, or the path of its folder
    run : folder of this run
    as_of : date of this run

    Raises
    ------
    RunError
        There is no such run, it is this run or not earlier, of other books, or it lacks a table.
    """
    path = Path(name) if "/" in name or "\\" in name else run.path.parent / name
    folder = RunFolder(path, run.tables, run.makers)
    where = f"explanation.previous_run '{name}'"
    if not (path / "record.json").is_file():
        known = sorted(other.parent.name for other in run.path.parent.glob("*/record.json"))
        raise RunError(f"{where}: no run is there; known are {', '.join(known)}; name one, or leave it empty")
    date = folder.record().get("as_of")
    if date is None or Timestamp(date) >= as_of:
        raise RunError(f"{where}: is of {date}, this run of {as_of.date()}; name a run of an earlier date")
    here, there = (each.record().get("facts", {}) for each in (run, folder))
    if differing := [fact for fact in SAME_FACTS if here.get(fact) != there.get(fact)]:
        raise RunError(f"{where}: differs in {', '.join(differing)}; name a run of the same books")
    if lacking := [table for table in PREVIOUS_READS if not folder.has(table)]:
        raise RunError(f"{where}: lacks {', '.join(lacking)}; run it through stage model first")
    return folder


def previous_run(folder: RunFolder) -> Previous:
    """Return the tables of the previous run that the stage explanation is given, and its settings."""
    settings = resolve(folder.record()["settings"], where=f"record of run '{folder.name}'")
    return Previous({name: folder.read(name) for name in PREVIOUS_READS}, settings)
