"""The plan of a run: ledger or panel, settings and date, fixed in the run's record before anything is computed."""

import platform
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd
from pandas import DataFrame, Timestamp

from riskresearch.base.config import merged, read_yaml
from riskresearch.base.errors import LedgerError, RunError, SettingsError
from riskresearch.base.run import RunFolder, digest_files, digest_json
from riskresearch.ledger.default import default_variants
from riskresearch.ledger.known import known_tables
from riskresearch.ledger.ledger import Ledger
from riskresearch.ledger.movements import known_date
from riskresearch.ledger.read import Fetched, fetch_ledger, is_address, read_ledger, shown_address
from riskresearch.pipeline.panel_run.delivery import Delivered, deliver_panel, panel_folder
from riskresearch.pipeline.panel_run.mapping import PanelMapping, panel_mapping
from riskresearch.pipeline.project import PROJECT, code_digest
from riskresearch.pipeline.settings import Settings, resolve
from riskresearch.pipeline.stages import MAKERS, TABLES, labels

LIBRARIES = ("numpy", "pandas", "scipy", "scikit-learn", "lightgbm", "duckdb", "narwhals", "pyarrow", "matplotlib")


@dataclass(frozen=True)
class Plan:
    """What a run is made from.

    Parameters
    ----------
    folder : run folder
    ledger : delivered file or folder, or address of a database; of a panel its file
    mapping : name or path of the mapping, None = recognise it
    settings : resolved settings
    as_of : last day that counts, None = last day on which both invoices and receipts are recorded
    is_kept : the plan of a finished ledger stage that was read from a database, whose address holds no secret
        any more; its tables can be used, the database cannot be read again
    panel : what the columns of a customer panel mean, where one is delivered instead of a ledger
    """

    folder: RunFolder
    ledger: Path | str
    mapping: str | None
    settings: Settings
    as_of: Timestamp | None
    is_kept: bool = False
    panel: PanelMapping | None = None


def folder_at(path: Path, panel: PanelMapping | None = None) -> RunFolder:
    """Return the run folder at a path; a panel brings features of its own."""
    return RunFolder(path, TABLES, MAKERS) if panel is None else panel_folder(path, panel)


def make_plan(
    path: Path,
    *,
    ledger: Path | str,
    mapping: str | None,
    config: Path | None,
    as_of: str | None,
    overrides: dict[str, Any] | None = None,
) -> Plan:
    """Return the plan of a run from the command line's words.

    Raises
    ------
    RunError
        The date is not a date.
    SettingsError
        The settings file holds an unknown key or a value out of bounds.
    """
    content = read_yaml(config) if config is not None else {}
    settings = resolve(merged(content, overrides or {}), where=str(config or "settings"))
    return Plan(folder_at(path), ledger, mapping, settings, parse_date(as_of) if as_of else None)


def make_panel_plan(
    path: Path,
    *,
    panel: Path,
    mapping: str | None,
    config: Path | None,
    as_of: str | None,
    overrides: dict[str, Any] | None = None,
) -> Plan:
    """Return the plan of a run of a customer panel without invoices; the mapping's settings lie below the others.

    Raises
    ------
    RunError
        The date is not a date.
    SettingsError
        The mapping is not found, or it or the settings file holds an unknown key or a value out of bounds.
    """
    known = panel_mapping(mapping)
    name = mapping if mapping == known.panel else str(Path(str(mapping)).resolve())
    content = known.with_settings(merged(read_yaml(config) if config is not None else {}, overrides or {}))
    settings = resolve(content, where=str(config or name))
    return Plan(folder_at(path, known), panel, name, settings, parse_date(as_of) if as_of else None, panel=known)


def parse_date(text: str) -> Timestamp:
    """Return a date given as YYYY-MM-DD.

    Raises
    ------
    RunError
        The text is not such a date.
    """
    try:
        return pd.to_datetime(text, format="%Y-%m-%d").as_unit("us")
    except ValueError as cause:
        raise RunError(f"date {text!r}: write it as YYYY-MM-DD, for instance 2025-12-31") from cause


def ingest(plan: Plan) -> None:
    """Read the ledger or the panel, cut it at the date, and write its tables and the record; once per plan.

    Raises
    ------
    LedgerError
        The ledger or the panel cannot be read, or nothing of the ledger was known on the date.
    RunError
        Nothing of the panel was known on the date.
    """
    record = plan.folder.record()
    fetched = fetch_ledger(str(plan.ledger), mapping=plan.mapping) if _is_to_fetch(plan) else None
    source = fetched.digest if fetched else record["source_digest"] if plan.is_kept else source_digest(plan)
    digest = digest_json([source, plan_digest(plan), code_digest()])
    if record.get("ledger_stage") == digest and all(plan.folder.has(name) for name in record["ledger_tables"]):
        plan.folder.update_record(settings=plan.settings.model_dump(mode="json"))
        return
    if plan.panel is None:
        made = _of_ledger(plan, fetched)
    else:
        made = deliver_panel(Path(plan.ledger), plan.panel, plan.settings, as_of=plan.as_of)
    plan.folder.update_record(ledger_stage=None)
    for name, frame in made.tables.items():
        plan.folder.write(name, frame)
    plan.folder.update_record(
        run=plan.folder.name,
        as_of=str(made.as_of.date()),
        settings=plan.settings.model_dump(mode="json"),
        ledger=shown_address(str(plan.ledger)) if is_address(plan.ledger) else str(plan.ledger),
        source_digest=source,
        mapping=plan.mapping,
        asked_as_of=str(plan.as_of.date()) if plan.as_of else None,
        facts=made.facts,
        versions=_versions(),
        code=code_digest(),
        ledger_stage=digest,
        ledger_tables=sorted(made.tables),
        stages={},
    )


def _of_ledger(plan: Plan, fetched: Fetched | None) -> Delivered:
    ledger = _read(plan, fetched)
    as_of = plan.as_of or ledger.default_as_of
    if as_of is None:
        raise LedgerError(f"{ledger.source_name}: no invoices with receipts, so no date to run at; give --as-of DATE")
    return Delivered(as_of, ledger_tables(ledger, plan.settings, as_of=as_of), _facts(ledger))


def _is_to_fetch(plan: Plan) -> bool:
    return is_address(plan.ledger) and not plan.is_kept


def _read(plan: Plan, fetched: Fetched | None) -> Ledger:
    if plan.is_kept:
        raise RunError(
            f"run '{plan.folder.name}' was read from the database {plan.ledger}, and code or settings have changed "
            f"since; read it again with `riskresearch run --ledger ADDRESS --run {plan.folder.name}`"
        )
    settings = plan.settings.ledger
    return read_ledger(
        fetched or plan.ledger,
        mapping=plan.mapping,
        currency_code=settings.currency_code,
        assumed_terms_days=settings.assumed_terms_days,
    )


def source_digest(plan: Plan) -> str:
    """Return the digest of the delivered files.

    Raises
    ------
    LedgerError
        There is no such file or folder.
    """
    path = Path(plan.ledger)
    if not path.exists():
        word = "ledger" if plan.panel is None else "panel"
        raise LedgerError(f"{path}: no such file or folder; give the path of your {word} with --{word}")
    files = [p for p in path.rglob("*") if p.is_file()] if path.is_dir() else [path]
    return digest_files(files, path if path.is_dir() else path.parent)


def plan_digest(plan: Plan) -> str:
    """Return the digest of everything else that decides the ledger tables: mapping, date and settings."""
    settings = plan.settings
    if plan.panel is not None:
        features = settings.features.model_dump(mode="json")
        return digest_json([plan.panel.model_dump(mode="json"), str(plan.as_of), features])
    return digest_json(
        [
            plan.mapping,
            str(plan.as_of),
            settings.ledger.model_dump(mode="json"),
            settings.default.model_dump(mode="json"),
            _mapping_digest(plan.mapping),
        ]
    )


def ledger_tables(ledger: Ledger, settings: Settings, *, as_of: Timestamp) -> dict[str, DataFrame]:
    """Return all tables of the ledger stage as known on a day.

    Raises
    ------
    LedgerError
        No invoice was known on the day.
    """
    if not (known_date(ledger["invoices"], "invoice_date") <= as_of).any():
        first = ledger["invoices"]["recorded_date"].min()
        raise LedgerError(
            f"{ledger.source_name}: no invoice was known on {as_of.date()}; the first is of "
            f"{first if pd.isna(first) else first.date()}; choose a later --as-of"
        )
    tables = known_tables(ledger, settings.default, as_of=as_of)
    tables["default_variants"] = default_variants(tables, settings.default, as_of=as_of)
    return tables | dict(ledger.accounts) | {"labels": labels()}


def read_plan(folder: RunFolder) -> Plan:
    """Return the plan that a run's record holds.

    Raises
    ------
    RunError
        There is no such run, or a version with other settings made it.
    """
    record = folder.record()
    if "settings" not in record:
        raise RunError(
            f"run '{folder.name}' does not exist; make it with `riskresearch run --ledger PATH --run {folder.name}`"
        )
    asked, ledger = record.get("asked_as_of"), record["ledger"]
    panel = panel_mapping(record["mapping"]) if record["facts"].get("is_panel") else None
    return Plan(
        folder_at(folder.path, panel),
        ledger if is_address(ledger) else Path(ledger),
        record["mapping"],
        _kept_settings(folder),
        parse_date(asked) if asked else None,
        is_kept=is_address(ledger),
        panel=panel,
    )


def _kept_settings(folder: RunFolder) -> Settings:
    """Settings of a run's record, which only the version that made it is sure to know."""
    record = folder.record()
    try:
        return resolve(record["settings"], where=folder.name)
    except SettingsError as error:
        if record.get("code") == code_digest():
            raise
        raise RunError(
            f"run '{folder.name}' was made by another version, whose settings this one does not know ({error}); "
            "make it again under another name with `riskresearch run`"
        ) from error


def _facts(ledger: Ledger) -> dict[str, Any]:
    return {
        "source_name": ledger.source_name,
        "mapping_name": ledger.mapping_name,
        "currency_code": ledger.currency_code,
        "is_synthetic": ledger.is_synthetic,
    }


def _versions() -> dict[str, str]:
    return {"python": platform.python_version(), **{name: version(name) for name in ("riskresearch", *LIBRARIES)}}


def _mapping_digest(mapping: str | None) -> str:
    file = Path(mapping) if mapping and Path(mapping).is_file() else PROJECT / "config" / "mappings" / f"{mapping}.yaml"
    return digest_files([file], file.parent) if file.is_file() else ""
