"""The customer × date panel of a ledger of any size, as files: one partition per observation date."""

import shutil
from collections.abc import Callable
from pathlib import Path

from pandas import Timestamp

from riskresearch.base.config import read_yaml
from riskresearch.base.run import digest_json
from riskresearch.behaviour.book import observation_dates
from riskresearch.features.blocks import CUSTOMERS_PER_BLOCK, first_day, write_acts
from riskresearch.features.engines import open_engine
from riskresearch.features.store import refresh_from_acts
from riskresearch.pipeline.settings import resolve

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
    """
    settings = resolve(read_yaml(config) if config is not None else {}, where=str(config or "settings"))
    scales = settings.behaviour.rating_scales
    acts = folder / f".acts-{_digest(ledger, as_of, customers_per_block)}"
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
        added = refresh_from_acts(
            acts,
            dates,
            folder,
            as_of=as_of,
            source=ledger.name,
            rules={"default": settings.default.model_dump(mode="json"), "rating_scales": scales},
            engine=engine,
        )
        told("panel", 1, 1)
    shutil.rmtree(acts)
    return added


def _digest(ledger: Path, as_of: Timestamp, customers_per_block: int) -> str:
    """Digest of what decides the acts: date, blocks, and the state of the ledger's files."""
    files = sorted((file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in ledger.glob("*.parquet"))
    return digest_json([str(as_of), customers_per_block, files])[:12]
