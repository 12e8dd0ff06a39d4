"""Experiments: each fit of the stage model leaves one JSON file; two of them can be laid side by side.

A fit is named by the digest of what it was made from: data, date, settings that decide it, code and versions. The
same fit gives the same file, whenever and under whichever name of run it is made.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame, Series

from riskresearch.base.errors import RunError, first_keys
from riskresearch.base.resampling import auc
from riskresearch.base.run import RunFolder, digest_bytes, digest_json, write_atomically
from riskresearch.model.tables import MODELS
from riskresearch.pipeline.project import PROJECT, report_path, run_path
from riskresearch.pipeline.settings import Settings

DECIDING = ("ledger", "default", "behaviour", "features", "model")
PARTS = ("data", "code", "settings", "chosen", "measures")
LENGTH = 12
COMPARED = {"auc": ("auc_standard", "auc_change"), "log_loss": ("log_loss_standard", "log_loss_change")}
SMALLEST_PD = 1e-12
Experiment = Mapping[str, Any]


def experiments_path(run_folder: Path) -> Path:
    """Return the folder of the recorded fits, ``data/experiments`` beside ``data/runs``."""
    return report_path(run_folder).parents[1] / "data" / "experiments"


def record_experiment(folder: RunFolder, settings: Settings) -> Path:
    """Write the fit of a run's stage model as a JSON file and its name into the run's record.

    Parameters
    ----------
    folder : run with the tables `snapshots`, `feature_dictionary`, `model_choice`, `scores` and `scored`
    settings : settings the tables were made with

    Returns
    -------
    the file, ``data/experiments/<digest>.json``; its list of runs gains this run's name.
    """
    made_from = _made_from(folder, settings)
    digest = digest_json(made_from)[:LENGTH]
    file = experiments_path(folder.path) / f"{digest}.json"
    known = json.loads(file.read_text(encoding="utf-8"))["runs"] if file.is_file() else []
    choice = folder.read("model_choice")
    chosen = choice[choice["is_chosen"]].iloc[0]
    content = {
        "experiment": digest,
        "runs": sorted({*known, folder.name}),
        **made_from,
        "chosen": {name: str(chosen[name]) for name in ("model_code", "reason_code")},
        "measures": measures(choice, folder.read("scores"), folder.read("scored")),
    }
    text = json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
    write_atomically(file, f"{text}\n".encode())
    folder.update_record(experiment=digest)
    return file


def measures(choice: DataFrame, scores: DataFrame, scored: DataFrame) -> dict[str, float | int | None]:
    """Return the key figures of a fit by name, ``<model>.<sample>.<measure>``; what cannot be computed is none.

    Parameters
    ----------
    choice : table `model_choice`; its columns of numbers are taken over
    scores : table `scores`: PDs of the candidates and outcomes; may be empty
    scored : table `scored`: the PDs of today's customers
    """
    found: dict[str, Any] = {"scored.n_customers": len(scored)}
    live = scored[scored["pd_source_code"] != "default"]
    found |= {"scored.n_in_default": len(scored) - len(live), "scored.pd_mean": live["pd_12m"].mean()}
    for (model, sample), rows in scores.groupby(["model_code", "sample_code"]):
        figures = _figures(rows).items()
        found |= {f"{model}.{sample}.{name}": value for name, value in figures}
    numbers = choice.drop(columns="auc", errors="ignore").select_dtypes("float")
    for model, row in zip(choice["model_code"], numbers.to_dict("records"), strict=True):
        found |= {f"{model}.out_of_time.{name}": value for name, value in row.items()}
    plain = {name: value.item() if hasattr(value, "item") else value for name, value in found.items()}
    return {name: value if np.isfinite(value) else None for name, value in sorted(plain.items())}


def find_experiment(name: str, *, home: Path = PROJECT) -> Experiment:
    """Return a recorded fit by the name of the run that holds it, or by the first characters of its digest.

    Raises
    ------
    RunError
        There is none, or more than one.
    """
    folder = run_path(name, home=home)
    run = folder / "record.json"
    files = experiments_path(folder) if "/" in name or "\\" in name else home / "data" / "experiments"
    if run.is_file():
        digest = json.loads(run.read_text(encoding="utf-8")).get("experiment")
        if digest is None:
            raise RunError(f"run '{name}' holds no recorded fit; make its stage model anew with `riskresearch run`")
        name = digest
    found = sorted(files.glob(f"{name}*.json")) if name.isalnum() else []
    if len(found) != 1:
        known = first_keys(sorted(path.stem for path in files.glob("*.json")), 5) or "none"
        which = "more than one recorded fit begins so" if found else "no run and no recorded fit has that name"
        raise RunError(f"experiment {name!r}: {which}; recorded are {known} in {files}")
    return json.loads(found[0].read_text(encoding="utf-8"))


def compare_experiments(a: Experiment, b: Experiment) -> DataFrame:
    """Return what two fits differ in, and their measures side by side.

    Parameters
    ----------
    a, b : from `find_experiment`

    Returns
    -------
    DataFrame ``part_code name value_a value_b difference``: of the parts data, code, settings and chosen the entries
    that differ, of measures all; ``difference`` is b minus a where both are numbers. A value that one fit does not
    have is none.
    """
    rows = []
    for part in PARTS:
        for name in dict.fromkeys([*a[part], *b[part]]):
            one, other = a[part].get(name), b[part].get(name)
            if part == "measures" or one != other:
                rows.append((part, name, one, other, _difference(one, other)))
    columns = ["part_code", "name", "value_a", "value_b", "difference"]
    frame = DataFrame(rows, columns=columns, dtype=object)
    return frame.astype({"part_code": "str", "name": "str", "difference": "float64"})


def compare_with_standard(folder: RunFolder, settings: Settings) -> DataFrame:
    """Return the last fit of a run beside the recorded fit of the same data and code with the standard settings.

    The standard is section ``model`` of `Settings` as it comes; a fit that was never made leaves its columns empty.
    What else is recorded plays no part.

    Parameters
    ----------
    folder : run whose stage model is made
    settings : settings of the run

    Returns
    -------
    DataFrame ``model_code auc auc_standard auc_change log_loss log_loss_standard log_loss_change``, out of time, one
    row per candidate that was judged in either fit; the changes are this fit minus the standard.
    """
    own = find_experiment(str(folder.path.absolute()))["measures"]
    standard = settings.model_copy(update={"model": type(settings.model)()})
    file = experiments_path(folder.path) / f"{digest_json(_made_from(folder, standard))[:LENGTH]}.json"
    other = json.loads(file.read_text(encoding="utf-8"))["measures"] if file.is_file() else {}
    table = DataFrame({"model_code": list(MODELS)})
    for name, (beside, change) in COMPARED.items():
        for column, known in ((name, own), (beside, other)):
            found = [known.get(f"{model}.out_of_time.{name}") for model in MODELS]
            table[column] = Series(found, dtype="float64")
        table[change] = table[name] - table[beside]
    return table[table[["auc", "auc_standard"]].notna().any(axis=1)].reset_index(drop=True)


def compare_runs(a: str, b: str, *, home: Path = PROJECT) -> str:
    """Return the comparison of two recorded fits as text, for a terminal.

    Parameters
    ----------
    a, b : names of runs, or digests of recorded fits
    home : folder that holds data/experiments and data/runs

    Raises
    ------
    RunError
        A fit cannot be found.
    """
    one, other = (find_experiment(name, home=home) for name in (a, b))
    found = compare_experiments(one, other)
    heads = [f"{head}: fit {e['experiment']} of {', '.join(e['runs'])}" for head, e in (("A", one), ("B", other))]
    if one["experiment"] == other["experiment"]:
        heads.append("A and B are the same fit: same data, settings, code and versions.")
    return "\n\n".join(["\n".join(heads), *_sections(found)])


def _sections(found: DataFrame) -> Iterator[str]:
    for part in PARTS:
        is_known = found["value_a"].notna() | found["value_b"].notna()
        rows = found[is_known & (found["part_code"] == part)]
        if rows.empty:
            yield f"{part}: no difference"
            continue
        shown = DataFrame({"A": rows["value_a"].map(_shown), "B": rows["value_b"].map(_shown)})
        if rows["difference"].notna().any():
            shown["B - A"] = rows["difference"].map(_shown)
        shown.index = rows["name"].tolist()
        yield f"{part}\n{shown.to_string()}"


def _made_from(folder: RunFolder, settings: Settings) -> dict[str, dict[str, Any]]:
    """What names a fit: data and date, code and versions, settings that decide it."""
    record = folder.record()
    return {
        "data": _data(folder, record),
        "code": {"package": record["code"], **record["versions"]},
        "settings": dict(_flat({name: getattr(settings, name).model_dump(mode="json") for name in DECIDING})),
    }


def _data(folder: RunFolder, record: Mapping[str, Any]) -> dict[str, Any]:
    panel = folder.read("snapshots")
    known = panel[panel["is_default"].notna()]
    return {
        "as_of": record["as_of"],
        "is_synthetic": record["facts"]["is_synthetic"],
        "mapping_name": record["facts"]["mapping_name"],
        "source_name": record["facts"]["source_name"],
        "source_digest": record["source_digest"],
        "panel_digest": digest_bytes(folder.file("snapshots").read_bytes()),
        "n_features": len(folder.read("feature_dictionary")),
        "n_customers": int(known["customer_id"].nunique()),
        "n_rows": len(known),
        "n_defaulters": int(known.loc[known["is_default"].astype(bool), "customer_id"].nunique()),
    }


def _figures(rows: DataFrame) -> dict[str, Any]:
    hit = rows["is_default"].to_numpy(dtype=bool)
    p = rows["pd_12m"].to_numpy(float)
    return {
        "n_rows": len(rows),
        "n_customers": rows["customer_id"].nunique(),
        "n_defaulters": rows.loc[hit, "customer_id"].nunique(),
        "auc": auc(p, hit),
        "brier": np.mean((p - hit) ** 2),
        "log_loss": _log_loss(p, hit),
        "pd_mean": p.mean(),
        "default_ratio": hit.mean(),
    }


def _log_loss(p: NDArray[np.float64], hit: NDArray[np.bool_]) -> float:
    kept = p.clip(SMALLEST_PD, 1 - SMALLEST_PD)
    return float(-np.log(np.where(hit, kept, 1 - kept)).mean())


def _flat(nested: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in nested.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{path}{name}.")
        else:
            yield f"{path}{name}", value


def _difference(one: Any, other: Any) -> float | None:
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in (one, other))
    return other - one if numbers else None


def _shown(value: Any) -> str:
    if value is None or value != value:
        return "-"
    return f"{value:.6g}" if isinstance(value, float) else str(value)
