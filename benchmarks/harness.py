"""Measure two ways of doing the same thing side by side: seconds, peak memory and their ratio.

A way is named by the import path ``"module:prepare"``. `prepare` takes nothing and returns the call to be measured;
what it reads or builds itself is not measured. The call returns a number that says what it did (rows read, a sum, a
loss), so that two ways which do not do the same are found out instead of compared. Every measurement is taken in a
fresh process, subject and baseline in turn, so that neither inherits the other's caches or memory and both meet the
same load of the machine.
"""

import json
import math
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from time import perf_counter

FOLDER = Path(__file__).resolve().parent
MEBIBYTE = 1024**2


@dataclass(frozen=True)
class Entry:
    """One comparison: medians over the rounds; memory is None where the system does not tell it (Windows).

    `ratio` is seconds of the subject over seconds of the baseline: below 1 the subject is the faster one.
    """

    name: str
    subject: str
    baseline: str
    ratio: float
    seconds: float
    baseline_seconds: float
    peak_memory_mb: float | None
    baseline_peak_memory_mb: float | None


@dataclass(frozen=True)
class Measurement:
    """One call in a process of its own: seconds of the call, peak memory of the process, the number it returned."""

    seconds: float
    peak_memory_mb: float | None
    answer: float


class DifferentAnswers(Exception):
    """Subject and baseline did not do the same thing, so their times cannot be compared."""


def compare(name: str, subject: str, baseline: str, *, repeat: int = 5, tolerance: float = 1e-9) -> Entry:
    """Measure subject and baseline in turn.

    Parameters
    ----------
    name : what is compared, for the reader
    subject, baseline : import paths ``"module:prepare"``
    repeat : rounds that count; one more runs first to fill the disk cache
    tolerance : largest relative difference allowed between the two answers; ``math.inf`` for estimates

    Raises
    ------
    DifferentAnswers
        The two answers are further apart than the tolerance.
    """
    rounds = [(measure(subject), measure(baseline)) for _ in range(repeat + 1)][1:]
    for mine, theirs in rounds:
        if not math.isclose(mine.answer, theirs.answer, rel_tol=tolerance):
            raise DifferentAnswers(
                f"{name}: {subject} returned {mine.answer}, {baseline} returned {theirs.answer}; "
                f"the relative difference may be {tolerance:g} at most"
            )
    mine, theirs = (median(side) for side in zip(*rounds, strict=True))
    return Entry(
        name=name,
        subject=subject,
        baseline=baseline,
        ratio=mine.seconds / theirs.seconds,
        seconds=mine.seconds,
        baseline_seconds=theirs.seconds,
        peak_memory_mb=mine.peak_memory_mb,
        baseline_peak_memory_mb=theirs.peak_memory_mb,
    )


def measure(path: str) -> Measurement:
    """Measure one call in a fresh process."""
    finished = subprocess.run(
        [sys.executable, str(FOLDER / "harness.py"), path],
        cwd=FOLDER.parent,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return Measurement(**json.loads(finished.stdout.splitlines()[-1]))


def measure_here(path: str) -> Measurement:
    """Measure one call in this process; only sensible in a process that has done nothing else."""
    module, name = path.split(":")
    prepare: Callable[[], Callable[[], float]] = getattr(import_module(module), name)
    call = prepare()
    started = perf_counter()
    answer = call()
    return Measurement(perf_counter() - started, peak_memory_mb(), float(answer))


def peak_memory_mb() -> float | None:
    """Largest resident memory of this process so far, in MiB; None where the system does not tell it."""
    status = Path("/proc/self/status")
    if status.is_file():  # Linux; there getrusage would also count the process that started this one
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(lines["VmHWM"].split()[0]) / 1024
    if os.name == "nt":
        return None
    import resource  # unknown on Windows

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / MEBIBYTE if sys.platform == "darwin" else peak / 1024


def median(measurements: Iterable[Measurement]) -> Measurement:
    """Return the median seconds and memory of several rounds."""
    taken = list(measurements)
    memory = [one.peak_memory_mb for one in taken if one.peak_memory_mb is not None]
    return Measurement(
        statistics.median(one.seconds for one in taken), statistics.median(memory) if memory else None, taken[0].answer
    )


def table(entries: Iterable[Entry]) -> str:
    """Lay the entries out for reading: a line each, with the ratio first."""
    lines = [f"{'ratio':>7}  {'seconds':>9}  {'baseline':>9}  {'memory':>9}  {'baseline':>9}  what"]
    lines += [
        f"{one.ratio:7.2f}  {one.seconds:7.3f} s  {one.baseline_seconds:7.3f} s"
        f"  {_mebibytes(one.peak_memory_mb)}  {_mebibytes(one.baseline_peak_memory_mb)}  {one.name}"
        for one in entries
    ]
    return "\n".join(lines)


def write_results(entries: Iterable[Entry], path: Path) -> None:
    """Write the entries as a JSON list."""
    path.write_text(json.dumps([asdict(one) for one in entries], indent=2) + "\n", encoding="utf-8")


def _mebibytes(amount: float | None) -> str:
    return f"{'-':>9}" if amount is None else f"{amount:6.0f} MB"


if __name__ == "__main__":
    sys.path.insert(0, str(FOLDER))
    print(json.dumps(asdict(measure_here(sys.argv[1]))))
