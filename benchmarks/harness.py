"""Measure several ways of doing the same thing side by side: seconds, peak memory and ratios.

A way is named by the import path ``"module:prepare"``. `prepare` takes the options of the way and returns the call to
be measured; what it reads or builds itself is not measured. The call returns a number that says what it did (rows
read, a sum, a digest of what it wrote), so that ways which do not do the same are found out instead of compared; where
getting that number is no part of the work, it returns a function that does, which runs when time and memory are taken.

Every measurement is taken in a fresh process, the ways in turn, round after round, so that none inherits the caches or
memory of another and all meet the same load of the machine.
"""

import json
import math
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib import import_module
from pathlib import Path
from time import perf_counter

FOLDER = Path(__file__).resolve().parent
MEBIBYTE = 1024**2
Option = int | str


@dataclass(frozen=True)
class Way:
    """One way of doing it.

    Parameters
    ----------
    name : for the reader
    path : import path ``"module:prepare"``
    options : what `prepare` is told, by keyword
    rounds : number of rounds it takes part in, for a way too slow for all of them; empty = all
    tolerance : largest relative difference of its answer to that of the first way; ``math.inf`` where none is compared
    part : part of the work it does, for a way too slow for all of it whose seconds grow with the work; its seconds are
        scaled up to the whole
    """

    name: str
    path: str
    options: Mapping[str, Option] = field(default_factory=dict)
    rounds: int | None = None
    tolerance: float = 1e-9
    part: float = 1.0


@dataclass(frozen=True)
class Measurement:
    """One call in a process of its own: seconds of the call, peak memory of the process, the number it returned."""

    seconds: float
    peak_memory_mb: float | None
    answer: float


@dataclass(frozen=True)
class Time:
    """Medians of a way over its rounds; memory is None where the system does not tell it (Windows).

    Seconds are those of the whole work, also where a way was measured on a part of it.
    `ratio` is seconds of the first way over seconds of this one: below 1 the first way is the faster one.
    """

    name: str
    path: str
    options: Mapping[str, Option]
    rounds: int
    seconds: float
    peak_memory_mb: float | None
    ratio: float


@dataclass(frozen=True)
class Race:
    """Ways measured side by side; the first is the one the others are compared with."""

    name: str
    times: tuple[Time, ...]


class DifferentAnswers(Exception):
    """Two ways did not do the same thing, so their times cannot be compared."""


def race(name: str, ways: Sequence[Way], *, repeat: int = 5) -> Race:
    """Measure ways in turn.

    Parameters
    ----------
    name : what is done, for the reader
    ways : the ways, the project's own first
    repeat : rounds that count; one more runs first to fill the disk cache, without the ways that have few rounds

    Raises
    ------
    DifferentAnswers
        The answer of a way is further from that of the first way than its tolerance.
    """
    taken: list[list[Measurement]] = [[] for _ in ways]
    for number in range(repeat + 1):
        for way, measurements in zip(ways, taken, strict=True):
            if way.rounds is None or 1 <= number <= way.rounds:
                measurements.append(measure(way.path, **way.options))
                _check(name, (ways[0], taken[0][-1]), (way, measurements[-1]))
    counted = [all_of_it[way.rounds is None :] for way, all_of_it in zip(ways, taken, strict=True)]
    first = median(counted[0]).seconds
    return Race(name, tuple(_time(way, rounds, first) for way, rounds in zip(ways, counted, strict=True)))


def _check(name: str, first: tuple[Way, Measurement], other: tuple[Way, Measurement]) -> None:
    mine, theirs, allowed = first[1].answer, other[1].answer, other[0].tolerance
    if not math.isclose(mine, theirs, rel_tol=allowed):
        raise DifferentAnswers(
            f"{name}: {first[0].name} ({first[0].path}) returned {mine}, {other[0].name} ({other[0].path}) returned "
            f"{theirs}; the relative difference may be {allowed:g} at most"
        )


def _time(way: Way, rounds: Sequence[Measurement], first_seconds: float) -> Time:
    middle = median(rounds)
    seconds = middle.seconds / way.part
    return Time(
        name=way.name,
        path=way.path,
        options=way.options,
        rounds=len(rounds),
        seconds=seconds,
        peak_memory_mb=middle.peak_memory_mb,
        ratio=first_seconds / seconds,
    )


def measure(path: str, **options: Option) -> Measurement:
    """Measure one call in a fresh process."""
    finished = subprocess.run(
        [sys.executable, str(FOLDER / "harness.py"), path, json.dumps(options)],
        cwd=FOLDER.parent,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return Measurement(**json.loads(finished.stdout.splitlines()[-1]))


def measure_here(path: str, **options: Option) -> Measurement:
    """Measure one call in this process; only sensible in a process that has done nothing else."""
    module, name = path.split(":")
    prepare: Callable[..., Callable[[], float | Callable[[], float]]] = getattr(import_module(module), name)
    call = prepare(**options)
    started = perf_counter()
    answer = call()
    seconds, memory = perf_counter() - started, peak_memory_mb()
    return Measurement(seconds, memory, float(answer() if callable(answer) else answer))


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


def growth(small: Race, large: Race) -> dict[str, float]:
    """Return by how much the seconds of each way grow that both races have."""
    seconds = {time.name: time.seconds for time in small.times}
    return {time.name: time.seconds / seconds[time.name] for time in large.times if time.name in seconds}


def table(race: Race) -> str:
    """Lay a race out for reading: a line for each way, the first one against it in the last column but one."""
    lines = [race.name, f"{'seconds':>11}  {'memory':>9}  {'ratio':>7}  way"]
    lines += [
        f"{time.seconds:9.3f} s  {_mebibytes(time.peak_memory_mb)}  {time.ratio:7.2f}  {time.name}"
        for time in race.times
    ]
    return "\n".join(lines)


def write_results(races: Iterable[Race], grown: Mapping[str, Mapping[str, float]], path: Path) -> None:
    """Write the races, and how seconds grow from one to another, as JSON."""
    content = {"races": [asdict(one) for one in races], "growth": grown}
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def _mebibytes(amount: float | None) -> str:
    return f"{'-':>9}" if amount is None else f"{amount:6.0f} MB"


if __name__ == "__main__":
    sys.path.insert(0, str(FOLDER))
    print(json.dumps(asdict(measure_here(sys.argv[1], **json.loads(sys.argv[2])))))
