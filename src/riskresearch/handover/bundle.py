"""The hand-over bundle: what IT needs to score customers and to prove that it scores them right."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from pandas import DataFrame

from riskresearch.base.errors import BundleError
from riskresearch.base.run import write_atomically
from riskresearch.handover.score import (
    CALIBRATION,
    CONTRACT,
    GOLDEN_INPUTS,
    GOLDEN_SCORES,
    GRADES,
    MANIFEST,
    MODEL,
    load_bundle,
    read_inputs,
    verify_bundle,
)

GOLDEN_ROWS = 200
README = """# Hand-over bundle

`riskresearch verify BUNDLE` checks every file against the manifest, scores the golden rows and compares.
Needs Python with lightgbm and numpy. `model.txt` is LightGBM text; calibrated log-odds = slope x raw
log-odds + intercept, and no PD is below `pd_floor` (`calibration.json`); `contract.json` lists the inputs in
order with unit, range and the meaning of a missing value; grades are in `grades.json`. Reasons are the features
that raise the log-odds most, by LightGBM's own contributions.
"""


def write_bundle(tables: Mapping[str, DataFrame], facts: Mapping[str, Any], folder: Path) -> DataFrame:
    """Write the bundle of the accepted model and verify it.

    Parameters
    ----------
    tables : ``model_parts feature_dictionary snapshots grade_scale measures model_choice``
    facts : run, date, source, settings digest, for the manifest
    folder : folder of the bundle, made where missing

    Returns
    -------
    DataFrame ``file_name n_bytes``, one row per file; empty where no model was accepted.
    """
    parts = tables["model_parts"].set_index("part_code")["content"]
    if parts.empty:
        return DataFrame({"file_name": [], "n_bytes": []}).astype({"file_name": "str", "n_bytes": "int64"})
    rows = _golden_rows(tables["snapshots"], json.loads(parts["features"]))
    files = {
        MODEL: parts["lightgbm_text"],
        CALIBRATION: parts["calibration"] + "\n",
        CONTRACT: _json(_contract(tables["feature_dictionary"], n_reasons=5)),
        GRADES: _json(_grades(tables["grade_scale"])),
        GOLDEN_INPUTS: rows.to_csv(index=False, lineterminator="\n"),
        "README.md": README,
        "model_card.json": _json(_card(tables, facts)),
    }
    for name, content in files.items():
        write_atomically(folder / name, content.encode())
    _seal(folder, list(files), facts)
    write_atomically(folder / GOLDEN_SCORES, _golden_scores(folder).encode())
    _seal(folder, [*files, GOLDEN_SCORES], facts)
    verify_bundle(folder)
    names = sorted([*files, GOLDEN_SCORES, MANIFEST])
    return DataFrame({"file_name": names, "n_bytes": [(folder / name).stat().st_size for name in names]})


def _golden_rows(snapshots: DataFrame, names: list[str]) -> DataFrame:
    """Rows spread over the snapshots, without customer ids, and the edges: all missing, smallest, largest values."""
    known = snapshots[names].astype(float).drop_duplicates().sort_values(names, ignore_index=True)
    if known.empty:
        raise BundleError("bundle: table snapshots is empty, so there are no golden rows; run notebook 02_features")
    places = np.unique(np.linspace(0, len(known) - 1, min(GOLDEN_ROWS, len(known))).astype(int))
    edges = DataFrame([dict.fromkeys(names, np.nan), known.min().to_dict(), known.max().to_dict()])
    rows = DataFrame(np.vstack([known.iloc[places].to_numpy(), edges[names].to_numpy()]), columns=names)
    return rows.assign(row_id=[f"G{i:04d}" for i in range(len(rows))])[["row_id", *names]]


def _contract(dictionary: DataFrame, *, n_reasons: int) -> dict[str, Any]:
    bounds = {"ratio": (None, None), "days": (-3650.0, 3650.0), "months": (None, None), "count": (0.0, None)}
    columns = [
        {
            "name": row["feature_code"],
            "type": "float64",
            "unit": row["unit_code"],
            "low": bounds.get(row["unit_code"], (None, None))[0],
            "high": bounds.get(row["unit_code"], (None, None))[1],
            "missing": f"empty: {row['missing']}",
            "direction": int(row["direction_code"]),
            "label_en": row["label_en"],
            "label_fr": row["label_fr"],
        }
        for row in dictionary.to_dict("records")
    ]
    return {"columns": columns, "n_reasons": n_reasons, "missing": "leave empty; never fill with 0"}


def _grades(scale: DataFrame) -> list[dict[str, Any]]:
    performing = scale[scale["segment_code"] != "defaulted"].sort_values("pd_high")
    return performing[["grade_code", "pd_low", "pd_high", "segment_code"]].to_dict("records")


def _card(tables: Mapping[str, DataFrame], facts: Mapping[str, Any]) -> dict[str, Any]:
    measures = tables["measures"]
    shown = measures[
        (measures["model_code"] == "lightgbm")
        & (measures["sample_code"] == "out_of_time")
        & (measures["axis_code"] == "all")
    ]
    columns = ["measure_code", "value", "value_low", "value_high", "verdict_code"]
    choice = tables["model_choice"].set_index("model_code").loc["lightgbm"]
    return {
        "target": "default of a trade customer within the horizon, definition in the run's settings",
        "run": dict(facts),
        "n_defaulters_development": int(choice["n_defaulters"]),
        "n_defaulters_out_of_time": int(choice["n_test_defaulters"]),
        "auc_gain_over_past_late_rate": float(choice["auc_gain"]),
        "out_of_time": json.loads(shown[columns].to_json(orient="records", double_precision=6)),
    }


def _golden_scores(folder: Path) -> str:
    scorer = load_bundle(folder)
    ids, values = read_inputs(folder / GOLDEN_INPUTS, scorer)
    rows = [
        f"{i},{s['pd_12m']!r},{s['grade_code']},{';'.join(s['reasons'])}"
        for i, s in zip(ids, scorer.score(values), strict=True)
    ]
    return "\n".join(["row_id,pd_12m,grade_code,reasons", *rows]) + "\n"


def _seal(folder: Path, names: list[str], facts: Mapping[str, Any]) -> None:
    digests = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in sorted(names)}
    write_atomically(folder / MANIFEST, _json({"files": digests, "run": dict(facts)}).encode())


def _json(content: Any) -> str:
    return json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
