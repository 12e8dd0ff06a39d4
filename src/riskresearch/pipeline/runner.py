"""Running the notebooks in order by papermill: resumable, atomic, with progress."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from pydantic import BaseModel

from riskresearch.base.config import nested
from riskresearch.base.errors import ParameterError, RunError
from riskresearch.base.run import sweep, write_atomically
from riskresearch.pipeline.books import Book, fixed_parameters
from riskresearch.pipeline.panel_run.delivery import PANEL_STAGES
from riskresearch.pipeline.parameters import check_parameters, notebook_parameters
from riskresearch.pipeline.plan import Plan, ingest
from riskresearch.pipeline.project import NOTEBOOKS, report_path
from riskresearch.pipeline.settings import Settings
from riskresearch.pipeline.stages import STAGES, Stage, stage_named

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Job:
    """Notebooks to execute and the parameters they get."""

    stages: tuple[Stage, ...]
    given: Mapping[str, Any]
    language: str


def plan_job(
    *, only: str | None, until: str | None, given: Mapping[str, Any], language: str, is_panel: bool = False
) -> Job:
    """Return the notebooks to run; unknown stages and parameters are refused here, before anything runs.

    Parameters
    ----------
    only, until : this stage alone, or the stages up to it
    given : notebook parameters
    language : ``en`` or ``fr``
    is_panel : the run is of a customer panel: no stage that needs invoices

    Raises
    ------
    ParameterError
        A stage or parameter is unknown, a value has the wrong type, or a panel cannot go through the stage.
    """
    if language not in ("en", "fr"):
        raise ParameterError(f"language {language!r}: choose 'en' or 'fr'")
    stages = _selected(only, until, STAGES if not is_panel else tuple(stage_named(name) for name in PANEL_STAGES))
    declared = {stage.notebook: notebook_parameters(NOTEBOOKS / f"{stage.notebook}.ipynb") for stage in stages}
    reserved = sorted(set(given) & {"run", "as_of", "language"})
    if reserved:
        raise ParameterError(f"parameter {', '.join(reserved)}: use the options --run, --as-of and --language")
    check_parameters(given, declared)
    return Job(stages, dict(given), language)


def _selected(only: str | None, until: str | None, row: tuple[Stage, ...]) -> tuple[Stage, ...]:
    names = ", ".join(stage.name for stage in row)
    try:
        asked = {name: stage_named(name) for name in (only, until) if name is not None}
    except KeyError as cause:
        raise ParameterError(f"stage {cause.args[0]!r} is unknown; choose one of {names}") from cause
    for stage in asked.values():
        if stage not in row:
            raise ParameterError(f"stage {stage.name} needs invoices; a customer panel goes through {names}")
    if only is not None:
        return (asked[only],)
    return row[: row.index(asked[until]) + 1] if until is not None else row


def settings_overrides(job: Job) -> dict[str, Any]:
    """Return the given parameters that are settings of their notebook's stage, by stage, section and field."""
    overrides: dict[str, Any] = {}
    for stage in job.stages:
        section = Settings.model_fields.get(stage.name)
        if section is None:
            continue
        declared = notebook_parameters(NOTEBOOKS / f"{stage.notebook}.ipynb")
        given = {name: value for name, value in job.given.items() if name in declared and value is not None}
        places = dict(_places(section.annotation))
        overrides |= nested({f"{stage.name}.{places[name]}": given[name] for name in given if name in places})
    return overrides


def _places(model: Any) -> Iterator[tuple[str, str]]:
    """Names of a section's settings with their dotted places; of equal names the outermost comes last, so it wins."""
    fields = {name: field.annotation for name, field in model.model_fields.items()}
    for name, kind in fields.items():
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from ((inner, f"{name}.{place}") for inner, place in _places(kind))
    yield from ((name, name) for name in fields)


def run_job(plan: Plan, job: Job, *, progress: Progress) -> Path:
    """Read the ledger, execute the notebooks in order and return the folder of the reports.

    A run that was interrupted goes on at the first notebook that is unfinished or out of date.

    Parameters
    ----------
    plan : what the run is made from
    job : notebooks and parameters
    progress : called with the stage about to start, its number and the number of stages

    Raises
    ------
    NotebookFailure
        A cell failed; the partly executed notebook is kept beside the reports.
    RunError
        Another process runs the same run.
    """
    plan.folder.path.mkdir(parents=True, exist_ok=True)
    reports = report_path(plan.folder.path)
    try:
        with FileLock(plan.folder.path / ".lock", timeout=0):
            sweep(plan.folder.path)
            sweep(reports)
            steps = len(job.stages) + 1
            progress("panel" if plan.panel else "ledger", 0, steps)
            ingest(plan)
            for number, stage in enumerate(job.stages, 1):
                progress(stage.name, number, steps)
                _execute(plan, job, stage, reports)
            progress("done", steps, steps)
    except Timeout as cause:
        raise RunError(
            f"run '{plan.folder.name}' is being executed by another process; wait for it, or choose "
            "another name with --run"
        ) from cause
    return reports


def _execute(plan: Plan, job: Job, stage: Stage, reports: Path) -> None:
    source = NOTEBOOKS / f"{stage.notebook}.ipynb"
    values = fixed_parameters(plan, job.language)
    values |= {key: value for key, value in job.given.items() if key in notebook_parameters(source)}
    back = f"{stage_named(PANEL_STAGES[0]).notebook}.html" if plan.panel else None
    made = Book(source, reports, stage.notebook, values, job.language, back)
    record = plan.folder.record()
    digest = made.digest(record)
    if made.is_done(digest, record.get("notebooks", {}).get(stage.notebook, {})):
        return
    started = time.perf_counter()
    finished = {"digest": digest, **made.execute()}
    plan.folder.update_record(notebooks=plan.folder.record().get("notebooks", {}) | {stage.notebook: finished})
    _note_seconds(plan, stage, time.perf_counter() - started)


def _note_seconds(plan: Plan, stage: Stage, seconds: float) -> None:
    """Timings stand apart from the record, which must be the same for the same inputs."""
    text = f'{{"seconds": {seconds:.1f}}}\n'
    write_atomically(plan.folder.path / "timings" / f"{stage.notebook}.json", text.encode())
