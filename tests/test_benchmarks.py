"""The measuring of benchmarks: fresh processes, medians, and no comparison of things that are not the same."""

import importlib
import json
import math
import os
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

def large():
    return lambda: len(bytearray(b"x" * 80 * 1024**2)) / len(b"x" * 80 * 1024**2) * 7

def wrong():
    return lambda: 7.001
"""


@pytest.fixture(autouse=True)
def ways(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ways.py").write_text(WAYS)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))


def test_the_ratio_is_that_of_the_seconds_of_the_calls() -> None:
    entry = harness.compare("sleep", "ways:slow", "ways:fast", repeat=3)
    assert entry.seconds >= 0.3
    assert 0.05 <= entry.baseline_seconds < 0.3
    assert entry.ratio == entry.seconds / entry.baseline_seconds


def test_preparing_is_not_measured() -> None:
    assert harness.measure("ways:careful").seconds < 0.1


@pytest.mark.skipif(os.name == "nt", reason="Windows does not tell the peak memory without another library")
def test_memory_is_that_of_the_measured_process_alone() -> None:
    large, small = harness.measure("ways:large"), harness.measure("ways:fast")
    assert large.peak_memory_mb - small.peak_memory_mb > 75
    assert small.peak_memory_mb < 40, "a bare Python needs less; more would come from the process that started it"


def test_different_answers_are_refused_unless_allowed() -> None:
    with pytest.raises(harness.DifferentAnswers, match=r"ways:fast returned 7.0, ways:wrong returned 7.001"):
        harness.compare("unlike", "ways:fast", "ways:wrong", repeat=1)
    assert harness.compare("estimates", "ways:fast", "ways:wrong", repeat=1, tolerance=1e-3).name == "estimates"


def test_medians_ignore_a_single_slow_round() -> None:
    rounds = [harness.Measurement(seconds, memory, 7) for seconds, memory in ((1.0, 50.0), (9.0, 90.0), (2.0, 60.0))]
    assert harness.median(rounds) == harness.Measurement(2.0, 60.0, 7)
    assert harness.median([harness.Measurement(1.0, None, 7)]).peak_memory_mb is None


def test_results_are_written_as_a_list(tmp_path: Path) -> None:
    entry = harness.Entry("read", "a:b", "c:d", 0.5, 1.0, 2.0, None, 80.0)
    harness.write_results([entry], tmp_path / "results.json")
    assert json.loads((tmp_path / "results.json").read_text()) == [
        {
            "name": "read",
            "subject": "a:b",
            "baseline": "c:d",
            "ratio": 0.5,
            "seconds": 1.0,
            "baseline_seconds": 2.0,
            "peak_memory_mb": None,
            "baseline_peak_memory_mb": 80.0,
        }
    ]
    assert harness.table([entry]).splitlines()[1].split() == [
        "0.50",
        "1.000",
        "s",
        "2.000",
        "s",
        "-",
        "80",
        "MB",
        "read",
    ]


def test_every_comparison_can_be_found() -> None:
    comparisons = bench.COMPARISONS
    assert len({one.name for one in comparisons}) == len(comparisons)
    for path in (path for one in comparisons for path in (one.subject, one.baseline)):
        module, name = path.split(":")
        assert callable(getattr(importlib.import_module(module), name))
    assert all(0 < one.tolerance <= math.inf for one in comparisons)
