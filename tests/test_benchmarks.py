"""The measuring of benchmarks: fresh processes, medians, and no comparison of things that are not the same."""

import importlib
import json
import math
import os
from collections.abc import Callable
from pathlib import Path

import pytest

import bench
import harness

PROJECT = Path(__file__).parents[1]
WAYS = """
from time import sleep

def slow():
    return lambda: sleep(0.3) or 7

def fast():
    return lambda: sleep(0.05) or 7

def careful():
    sleep(0.3)
    return lambda: 7

def later():
    return lambda: lambda: sleep(0.3) or 7

def told(number):
    return lambda: number

def large():
    return lambda: len(bytearray(b"x" * 80 * 1024**2)) / len(b"x" * 80 * 1024**2) * 7

def wrong():
    return lambda: 7.001

def counted(file):
    def call():
        with open(file, "a") as lines:
            lines.write("called\\n")
        return 7
    return call
"""


@pytest.fixture(autouse=True)
def ways(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ways.py").write_text(WAYS)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))


def test_ratios_are_those_of_the_seconds_of_the_calls() -> None:
    run = harness.race("sleep", [harness.Way(name, f"ways:{name}") for name in ("fast", "slow", "later")], repeat=3)
    fast, slow, later = run.times
    assert [one.name for one in run.times] == ["fast", "slow", "later"]
    assert slow.seconds >= 0.3
    assert 0.05 <= fast.seconds < 0.3
    assert fast.ratio == 1
    assert slow.ratio == fast.seconds / slow.seconds
    assert later.seconds < 0.1, "what the answer costs is not measured"


def test_preparing_is_not_measured_and_options_are_told() -> None:
    assert harness.measure("ways:careful").seconds < 0.1
    assert harness.measure("ways:told", number=12).answer == 12


def test_a_slow_way_takes_part_in_fewer_rounds_and_in_none_that_does_not_count(tmp_path: Path) -> None:
    files = [str(tmp_path / "all.txt"), str(tmp_path / "few.txt")]
    few = harness.Way("few", "ways:counted", {"file": files[1]}, rounds=1)
    run = harness.race("calls", [harness.Way("all", "ways:counted", {"file": files[0]}), few], repeat=2)
    assert [len(Path(file).read_text().splitlines()) for file in files] == [3, 1]
    assert [one.rounds for one in run.times] == [2, 1]


@pytest.mark.skipif(os.name == "nt", reason="Windows does not tell the peak memory without another library")
def test_memory_is_that_of_the_measured_process_alone() -> None:
    large, small = harness.measure("ways:large"), harness.measure("ways:fast")
    assert large.peak_memory_mb - small.peak_memory_mb > 75
    assert small.peak_memory_mb < 40, "a bare Python needs less; more would come from the process that started it"


def test_different_answers_are_refused_unless_allowed() -> None:
    mine, theirs = harness.Way("mine", "ways:fast"), harness.Way("theirs", "ways:wrong")
    with pytest.raises(harness.DifferentAnswers, match=r"mine \(ways:fast\) returned 7.0, theirs .* returned 7.001"):
        harness.race("unlike", [mine, theirs], repeat=1)
    for tolerance in (1e-3, math.inf):
        estimate = harness.Way("theirs", "ways:wrong", tolerance=tolerance)
        assert harness.race("estimates", [mine, estimate], repeat=1).name == "estimates"


def test_medians_ignore_a_single_slow_round() -> None:
    rounds = [harness.Measurement(seconds, memory, 7) for seconds, memory in ((1.0, 50.0), (9.0, 90.0), (2.0, 60.0))]
    assert harness.median(rounds) == harness.Measurement(2.0, 60.0, 7)
    assert harness.median([harness.Measurement(1.0, None, 7)]).peak_memory_mb is None


def test_results_are_written_with_their_growth(tmp_path: Path) -> None:
    time = {"path": "a:b", "options": {"n": 1}, "rounds": 5, "peak_memory_mb": None, "ratio": 1.0}
    small = harness.Race("small", (harness.Time(name="ours", seconds=0.5, **time),))
    large = harness.Race("large", tuple(harness.Time(name=n, seconds=4.0, **time) for n in ("ours", "other")))
    grown = harness.growth(small, large)
    assert grown == {"ours": 8.0}
    harness.write_results([small], {"read": grown}, tmp_path / "results.json")
    content = json.loads((tmp_path / "results.json").read_text())
    assert content["growth"] == {"read": {"ours": 8.0}}
    assert content["races"] == [{"name": "small", "times": [{"name": "ours", "seconds": 0.5, **time}]}]
    assert harness.table(small).splitlines()[2].split() == ["0.500", "s", "-", "1.00", "ours"]


def test_every_comparison_can_be_found() -> None:
    comparisons = bench.COMPARISONS
    assert len({one.name for one in comparisons}) == len(comparisons)
    made_by = [one.made_by for one in comparisons if one.made_by]
    for path in (*made_by, *(way.path for one in comparisons for way in one.ways)):
        assert callable(_function(path))
    for one in comparisons:
        assert len({way.name for way in one.ways}) == len(one.ways) > 1
        assert all(0 <= way.tolerance <= math.inf for way in one.ways)
        assert one.ways[0].rounds is None, "the first way takes part in every round"


def test_the_large_ledger_is_compared_with_the_small_one() -> None:
    times = [harness.Time("ours", "a:b", {}, 1, seconds, None, 1.0) for seconds in (2.0, 20.0)]
    names = [bench.sized(bench.PANEL, size) for size in (bench.SMALL, bench.LARGE)]
    assert set(names) <= {one.name for one in bench.COMPARISONS}
    races = [harness.Race(name, (time,)) for name, time in zip(names, times, strict=True)]
    assert bench.grown_times(races) == {bench.PANEL: {"ours": 10.0}}
    assert bench.grown_times(races[:1]) == {}


def _function(path: str) -> Callable[..., object]:
    module, name = path.split(":")
    return getattr(importlib.import_module(module), name)
