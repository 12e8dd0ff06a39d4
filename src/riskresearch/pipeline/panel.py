"""The customer × date panel of a ledger of any size, as files: one partition per observation date."""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pandas import Timestamp
from pandas.tseries.offsets import MonthEnd

from riskresearch.base.config import read_yaml
from riskresearch.base.errors import LedgerError
from riskresearch.base.run import digest_json
from riskresearch.behaviour.book import observation_dates
from riskresearch.features.blocks import CUSTOMERS_PER_BLOCK, first_day, last_day, write_acts
from riskresearch.features.engines import open_engine
from riskresearch.features.stage import panel_columns
from riskresearch.features.store import agree, definition, refresh_from_acts
from riskresearch.pipeline.company_files import with_rating_orders
from riskresearch.pipeline.settings import resolve

SOURCE, ACTS = "canonical tables", ".acts-"
Told = Callable[[str, int, int], None]


def write_panel(
    ledger: Path,
    folder: Path,
    *,
    as_of: Timestamp,
    config: Path | None,
    customers_per_block: int = CUSTOMERS_PER_BLOCK,
    told: Told = lambda stage, done, of: None,
) -> list[Timestamp]:
    """Add the observation dates that a panel on disk lacks, and return them.

    Memory is bound by the block of customers and by setting `features.memory_limit_mb`. A run that was stopped goes
    on with the block, then with the date, where it stopped.

    Parameters
    ----------
    ledger : folder with the canonical tables as Parquet files, such as that of a run
    folder : panel to write or to bring up to date
    as_of : last day that counts, and last observation date
    config : settings; empty = defaults
    customers_per_block : customers worked on at a time
    told : called with the step, what is done, and of how much

    Raises
    ------
    LedgerError
        The folder holds no ledger, or `as_of` lies after the month of its last document.
    RunError
        The panel was made with other features, rules or code.
    """
    settings = resolve(read_yaml(config) if config is not None else {}, where=str(config or "settings"))
    _refuse_unknown_months(ledger, as_of)
    scales = with_rating_orders(settings, as_of=as_of).behaviour.rating_scales
    rules = {"default": settings.default.model_dump(mode="json"), "rating_scales": scales}
    made_of = definition(source=SOURCE, rules=rules, columns=panel_columns())
    agree(folder, made_of)
    acts = folder / f"{ACTS}{_digest(ledger, as_of, customers_per_block, made_of)}"
    write_acts(
        ledger,
        acts,
        as_of=as_of,
        settings=settings.default,
        scales=scales,
        customers_per_block=customers_per_block,
        told=lambda done, of: told("acts", done, of),
    )
    dates = observation_dates(as_of=as_of, first_day=first_day(acts))
    with open_engine(settings.features.engine, memory_limit_mb=settings.features.memory_limit_mb) as engine:
        told("panel", 0, 1)
        added = refresh_from_acts(acts, dates, folder, as_of=as_of, source=SOURCE, rules=rules, engine=engine)
        told("panel", 1, 1)
    for made in folder.glob(f"{ACTS}*"):
        shutil.rmtree(made)
    return added


def _refuse_unknown_months(ledger: Path, as_of: Timestamp) -> None:
    """A date that is written is never touched again, so a month the ledger does not reach must not be written."""
    known = last_day(ledger)
    if as_of > known + MonthEnd(0):
        raise LedgerError(
            f"{ledger.name}: the last document was recorded on {known.date()}, so {as_of.date()} is not known yet; "
            f"give --as-of {(known + MonthEnd(0)).date()} or earlier, or a later ledger"
        )


def _digest(ledger: Path, as_of: Timestamp, customers_per_block: int, made_of: Mapping[str, Any]) -> str:
    """Digest of what decides the acts: date, blocks, rules, code, and the state of the ledger's files."""
    files = sorted((file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in ledger.glob("*.parquet"))
    return digest_json([str(as_of), customers_per_block, made_of, files])[:12]
