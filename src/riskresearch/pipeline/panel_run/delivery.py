"""The tables that a customer panel delivers to a run, in place of the ledger and its features."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pandas import DataFrame, Timestamp

from riskresearch.base.errors import first_keys
from riskresearch.base.run import RunFolder
from riskresearch.base.schema import empty
from riskresearch.features.samples import sample_counts
from riskresearch.pipeline.panel_run.mapping import PanelMapping
from riskresearch.pipeline.panel_run.outcomes import date_of_run, known_rows, panel_cohorts, with_samples
from riskresearch.pipeline.panel_run.rows import panel_rows
from riskresearch.pipeline.panel_run.telling import refuse_telling
from riskresearch.pipeline.settings import Settings
from riskresearch.pipeline.stages import MAKERS, STAGES, TABLES, labels, stage_named

PANEL_STAGES = ("model", "validation", "explanation", "handover")
"""Stages that a panel without invoices can go through."""
BROUGHT = (
    *("snapshots", "what_if_snapshots", "feature_dictionary", "sample_counts", "default_cohorts"),
    *("customers", "labels", "gaps"),
)


@dataclass(frozen=True)
class Delivered:
    """What a ledger or a panel brings into a run: its date, its tables and what is said of it."""

    as_of: Timestamp
    tables: dict[str, DataFrame]
    facts: dict[str, Any]


def panel_folder(path: Path, mapping: PanelMapping) -> RunFolder:
    """Return the run folder of a panel: its snapshots have the features of the mapping."""
    made = "the panel (`riskresearch run --panel …`)"
    makers = {**MAKERS, **dict.fromkeys((*needed_tables(), *BROUGHT), made)}
    own = {table.name: table for table in (mapping.snapshots, mapping.what_if_snapshots)}
    return RunFolder(path, {**TABLES, **own}, makers)


def deliver_panel(file: Path, mapping: PanelMapping, settings: Settings, *, as_of: Timestamp | None) -> Delivered:
    """Return the date of the run, every table that its stages read and do not make, and what is said of the panel.

    What needs invoices (behaviour of the customers, movements of the accounts) is there without rows.

    Parameters
    ----------
    file : file of the panel
    mapping : what its columns mean
    settings : section ``features`` tells the share of the test and the embargo
    as_of : last day that counts; None = as far as the panel tells

    Raises
    ------
    LedgerError
        The file does not hold what the mapping says, or a feature tells the defaults apart alone.
    RunError
        No row was known on the date, or the date lies beyond what the panel can tell.
    """
    rows, unknown = panel_rows(file, mapping)
    day = as_of if as_of is not None else date_of_run(rows, mapping)
    rng = np.random.default_rng(mapping.split_seed)
    panel = with_samples(known_rows(rows, mapping, as_of=day), mapping, settings.features, as_of=day, rng=rng)
    refuse_telling(panel, mapping)
    made = {
        "snapshots": panel[[name for name in mapping.snapshots.names if name in panel]],
        "what_if_snapshots": empty(mapping.what_if_snapshots),
        "feature_dictionary": mapping.feature_dictionary(),
        "sample_counts": sample_counts(panel),
        "default_cohorts": panel_cohorts(panel, mapping),
        "customers": DataFrame({"customer_id": sorted(panel["customer_id"].unique()), "customer_type_code": "unknown"}),
        "labels": panel_labels(mapping),
        "gaps": _gaps(panel, mapping, unknown),
    }
    others = {name: empty(TABLES[name]) for name in needed_tables() if name not in made}
    return Delivered(day, others | made, _facts(file, mapping))


def needed_tables() -> list[str]:
    """Return the tables that the stages of a panel run read and none of them makes."""
    stages = [stage_named(name) for name in PANEL_STAGES]
    made = {table.name for stage in stages for table in stage.writes}
    return sorted({name for stage in stages for name in stage.reads} - made)


def left_out_stages() -> list[str]:
    """Return the stages that need invoices."""
    return [stage.name for stage in STAGES if stage.name not in PANEL_STAGES]


def panel_labels(mapping: PanelMapping) -> DataFrame:
    """Return table `labels`: those of the registered members, with the panel's features instead of the ledger's."""
    others = labels()
    own = mapping.feature_dictionary()[["feature_code", "label_en", "label_fr"]]
    own = own.rename(columns={"feature_code": "code"}).assign(family_code="feature")
    return pd.concat([others[others["family_code"] != "feature"], own[others.columns]], ignore_index=True)


def _facts(file: Path, mapping: PanelMapping) -> dict[str, Any]:
    return {
        "source_name": file.name,
        "mapping_name": mapping.panel,
        "currency_code": mapping.currency_code,
        "is_synthetic": False,
        "is_panel": True,
        "horizon_months": mapping.horizon_months,
    }


def _gaps(panel: DataFrame, mapping: PanelMapping, unknown: list[str]) -> DataFrame:
    """What the panel cannot tell: by the mapping, and as found."""
    found = {"no_invoices": f"the panel holds no invoices; stages {', '.join(left_out_stages())} are not run"}
    if mapping.horizon_months != 12:
        found["horizon"] = (
            f"outcomes are defaults within {mapping.horizon_months} month(s); so are all PDs, also those named pd_12m"
        )
    if panel.loc[panel["is_default"].notna(), "observation_date"].nunique() == 1:
        found["one_date"] = "outcomes are of one date; the test is on customers held out, not on later dates"
    if n_lost := int((panel["exclusion_code"] == "no_outcome").sum()):
        found["no_outcome"] = f"{n_lost} rows have no outcome: the customer left the panel; they are excluded"
    if panel["is_carried"].any():
        n = int(panel["is_carried"].sum())
        found["carried_forward"] = f"{n} customers are scored, or found in default, on their last row, which is older"
    if unknown:
        found["unknown_columns"] = f"{len(unknown)} columns ({first_keys(unknown)}) are not in the mapping; not used"
    told = mapping.gaps | found
    return DataFrame({"gap_code": list(told), "effect": list(told.values())})
