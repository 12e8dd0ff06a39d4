"""Recorded fits brought into a local MLflow file; started by `make mlflow` in an environment of its own.

Only the standard library and MLflow are used, because that environment holds no riskresearch. A fit that is there
already is brought up to date, never doubled, so the import can be repeated at will.
"""

import argparse
import base64
import hashlib
import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

EXPERIMENT = "riskresearch"
BOOKS = ("03_model", "04_validation")
IMAGES = {"image/png": "png", "image/svg+xml": "svg"}
BATCH = 100
LONGEST = 500


def read_fits(folder: Path) -> list[dict[str, Any]]:
    """Return the recorded fits of a folder, the oldest file first, each with the time of its file in milliseconds."""
    files = sorted(folder.glob("*.json"), key=lambda file: (file.stat().st_mtime_ns, file.name))
    return [
        {**json.loads(file.read_text(encoding="utf-8")), "recorded_ms": file.stat().st_mtime_ns // 1_000_000}
        for file in files
    ]


def parameters(fit: Mapping[str, Any]) -> dict[str, str]:
    """Return settings, data and code of a fit as MLflow's parameters: texts, the longest ones cut."""
    parts = {"data": fit["data"], "code": fit["code"], "": fit["settings"]}
    texts = {f"{part}.{name}".lstrip("."): value for part, values in parts.items() for name, value in values.items()}
    return {name: _text(value)[:LONGEST] for name, value in sorted(texts.items())}


def metrics(fit: Mapping[str, Any]) -> dict[str, float]:
    """Return the measures of a fit as MLflow's metrics, grouped by measure and sample; what is none is left out."""
    found = {}
    for name, value in fit["measures"].items():
        first, *rest = name.split(".")
        if value is not None:
            found["/".join([*reversed(rest), first])] = float(value)
    return found


def pictures(fit: Mapping[str, Any], home: Path) -> Iterator[tuple[str, bytes]]:
    """Give the figures and pages of the runs that still hold the fit, as names and contents of files.

    Parameters
    ----------
    fit : one of `read_fits`
    home : folder that holds data/runs and reports
    """
    for run in fit["runs"]:
        record = home / "data" / "runs" / run / "record.json"
        if (
            not record.is_file()
            or json.loads(record.read_text(encoding="utf-8")).get("experiment") != fit["experiment"]
        ):
            continue
        for book in BOOKS:
            page = home / "reports" / run / f"{book}.html"
            if page.is_file():
                yield f"pages/{run}/{page.name}", page.read_bytes()
            yield from _figures(home / "reports" / run / f"{book}.ipynb", f"figures/{run}/{book}")


def bring(fits: Sequence[Mapping[str, Any]], store: Path, home: Path) -> dict[str, int]:
    """Bring fits into an MLflow file and return how many were added, changed and left as they were.

    Parameters
    ----------
    fits : from `read_fits`
    store : SQLite file; made where it is missing, its artifacts lie in the folder ``artifacts`` beside it
    home : folder that holds data/runs and reports
    """
    from mlflow import MlflowClient

    store.parent.mkdir(parents=True, exist_ok=True)
    client = MlflowClient(tracking_uri=f"sqlite:///{store.resolve().as_posix()}")
    experiment = client.get_experiment_by_name(EXPERIMENT)
    place = (store.resolve().parent / "artifacts").as_uri()
    number = experiment.experiment_id if experiment else client.create_experiment(EXPERIMENT, artifact_location=place)
    counts = {"added": 0, "changed": 0, "unchanged": 0}
    for fit in fits:
        files = dict(pictures(fit, home))
        there = client.search_runs([number], f"tags.fit = '{fit['experiment']}'", max_results=1)
        digest = _digest(fit, files)
        if there and there[0].data.tags.get("content") == digest:
            counts["unchanged"] += 1
            continue
        counts["changed" if there else "added"] += 1
        entry = there[0] if there else _new(client, number, fit)
        _measure(client, entry.info, fit)
        _describe(client, entry.info.run_id, fit, digest, files)
    return counts


def main(words: Sequence[str] | None = None) -> None:
    """Bring the recorded fits of a folder into an MLflow file, from the command line."""
    parser = argparse.ArgumentParser(description=str(bring.__doc__).splitlines()[0])
    parser.add_argument("home", type=Path, help="folder that holds data/experiments, data/runs and reports")
    parser.add_argument("store", type=Path, help="SQLite file to fill")
    asked = parser.parse_args(words)
    counts = bring(read_fits(asked.home / "data" / "experiments"), asked.store, asked.home)
    print(", ".join(f"{n} {what}" for what, n in counts.items()))


def _new(client: Any, number: str, fit: Mapping[str, Any]) -> Any:
    tags = {"fit": fit["experiment"]}
    return client.create_run(number, start_time=fit["recorded_ms"], tags=tags, run_name=", ".join(fit["runs"]))


def _measure(client: Any, info: Any, fit: Mapping[str, Any]) -> None:
    """Log parameters and metrics of a fit; logging the same again changes nothing."""
    from mlflow.entities import Metric, Param

    params = [Param(key, value) for key, value in parameters(fit).items()]
    values = [Metric(key, value, info.start_time, 0) for key, value in metrics(fit).items()]
    for start in range(0, max(len(params), len(values)), BATCH):
        client.log_batch(info.run_id, metrics=values[start : start + BATCH], params=params[start : start + BATCH])
    client.set_terminated(info.run_id, end_time=info.start_time)


def _describe(client: Any, name: str, fit: Mapping[str, Any], digest: str, files: Mapping[str, bytes]) -> None:
    """Bring what may change up to date: names of runs, the record itself, pages; the digest of it all last."""
    runs = ", ".join(fit["runs"])
    for key, value in {"runs": runs, "mlflow.runName": runs, **fit["chosen"]}.items():
        client.set_tag(name, key, value)
    with tempfile.TemporaryDirectory() as folder:
        for file, content in {"fit.json": _canonical(fit), **files}.items():
            path = Path(folder) / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        client.log_artifacts(name, folder)
    client.set_tag(name, "content", digest)


def _figures(book: Path, name: str) -> Iterator[tuple[str, bytes]]:
    """Pictures among the outputs of an executed notebook, numbered from 1."""
    if not book.is_file():
        return
    cells = json.loads(book.read_text(encoding="utf-8"))["cells"]
    shown = [output.get("data", {}) for cell in cells for output in cell.get("outputs", [])]
    number = 0
    for data in shown:
        kind = next((kind for kind in IMAGES if kind in data), None)
        if kind is None:
            continue
        number += 1
        text = data[kind] if isinstance(data[kind], str) else "".join(data[kind])
        yield f"{name}_{number}.{IMAGES[kind]}", base64.b64decode(text) if kind == "image/png" else text.encode()


def _canonical(fit: Mapping[str, Any]) -> bytes:
    kept = {key: value for key, value in fit.items() if key != "recorded_ms"}
    return (json.dumps(kept, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()


def _digest(fit: Mapping[str, Any], files: Mapping[str, bytes]) -> str:
    whole = hashlib.sha256(_canonical(fit))
    for file, content in sorted(files.items()):
        whole.update(file.encode() + b"\0" + hashlib.sha256(content).digest())
    return whole.hexdigest()


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, ensure_ascii=False)


if __name__ == "__main__":
    main()
