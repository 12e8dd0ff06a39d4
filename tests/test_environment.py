"""The files that describe the environment agree with each other and name no machine and no registry."""

import os
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

import tasks

PROJECT = Path(__file__).parents[1]
PYPROJECT = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
RUNNING = [Requirement(text) for text in PYPROJECT["project"]["dependencies"]]
CHECKING = [Requirement(text) for text in PYPROJECT["dependency-groups"]["dev"]]
BOOTSTRAP = [Requirement(text) for text in PYPROJECT["dependency-groups"]["bootstrap"]]
EXTRAS = {
    name: [Requirement(text) for text in texts] for name, texts in PYPROJECT["project"]["optional-dependencies"].items()
}
MLFLOW = [Requirement(text) for text in PYPROJECT["dependency-groups"]["mlflow"]]
LOCKS = {
    "lock.txt": RUNNING + CHECKING + EXTRAS["polars"],
    "run.txt": RUNNING,
    "spark.txt": RUNNING + EXTRAS["spark"],
    "bootstrap.txt": BOOTSTRAP,
    "mlflow.txt": MLFLOW,
}
PYPI_NAMES = {"matplotlib-base": "matplotlib", "python-duckdb": "duckdb", "seaborn-base": "seaborn"}

HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")
MACHINE_PATH = re.compile(rb"(?<![\w.~}*)-])/(?:work|root|tmp|home/\w+|Users/\w+)/|[A-Za-z]:\\+Users\\")
REGISTRY = re.compile(rb"pypi\.org|python[h]osted|anaconda\.(?:org|com)|npm[j]s|file:///?opt")
ENCODED_PICTURE = re.compile(rb'"image/png": "[A-Za-z0-9+/=\\]*"')


def locked(name: str) -> dict[str, list[tuple[Requirement, str]]]:
    """Return the locked requirements by package, each with the rest of its entry."""
    text = re.sub(r"(?m)^\s*#.*\n", "", (PROJECT / "requirements" / name).read_text(encoding="utf-8"))
    entries: dict[str, list[tuple[Requirement, str]]] = {}
    for entry in text.replace("\\\n", " ").splitlines():
        requirement, _, rest = entry.partition(" --")
        found = Requirement(requirement.strip())
        entries.setdefault(canonicalize_name(found.name), []).append((found, f"--{rest}"))
    return entries


def versions(name: str) -> dict[str, set[str]]:
    return {package: {str(one.specifier) for one, _ in entries} for package, entries in locked(name).items()}


@pytest.mark.parametrize("name", LOCKS)
def test_every_locked_package_has_one_version_per_case_and_hashes(name: str) -> None:
    entries = [entry for package in locked(name).values() for entry in package]
    assert entries
    loose = [str(one) for one, _ in entries if not re.fullmatch(r"==[^*,]+", str(one.specifier))]
    unhashed = [str(one) for one, rest in entries if not rest.split() or not all(map(HASH.fullmatch, rest.split()))]
    assert (loose, unhashed) == ([], [])


@pytest.mark.parametrize("name", LOCKS)
def test_locked_versions_lie_in_the_ranges_of_pyproject(name: str) -> None:
    found = versions(name)
    outside = [
        f"{wanted} is locked as {found.get(canonicalize_name(wanted.name))}"
        for wanted in LOCKS[name]
        if not all(wanted.specifier.contains(v[2:]) for v in found.get(canonicalize_name(wanted.name), {"==none"}))
    ]
    assert outside == [], "repair with: python3 tasks.py lock"


def test_running_takes_the_same_versions_as_checking_and_fewer_packages() -> None:
    everything, running = versions("lock.txt"), versions("run.txt")
    assert {name: everything.get(name) for name in running} == running
    assert {"ruff", "mypy", "pytest", "nbval", "polars", "pyspark"}.isdisjoint(running)


def test_running_on_spark_adds_spark_and_changes_no_version() -> None:
    assert {name: v for name, v in versions("spark.txt").items() if name not in {"pyspark", "py4j"}} == versions(
        "run.txt"
    )


def test_checking_tries_polars_in_the_range_of_its_extra() -> None:
    assert [str(one) for one in CHECKING if one.name == "polars"] == [str(one) for one in EXTRAS["polars"]]


@pytest.mark.parametrize("name", LOCKS)
def test_locks_name_no_address(name: str) -> None:
    text = (PROJECT / "requirements" / name).read_text(encoding="utf-8")
    assert not re.search(r"://|--(?:extra-)?index-url|--find-links|--trusted-host", text)


def test_conda_environment_has_the_names_and_ranges_of_pyproject() -> None:
    listed = yaml.safe_load((PROJECT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    conda = [Requirement(line) for line in listed if isinstance(line, str) and line != "pip"]
    wanted = {one.name: one.specifier for one in RUNNING + CHECKING}
    wanted["python"] = SpecifierSet(PYPROJECT["project"]["requires-python"])
    assert {PYPI_NAMES.get(one.name, one.name): one.specifier for one in conda} == wanted
    assert listed[-1] == {"pip": ["-e ."]}


def test_tasks_accepts_the_versions_of_python_that_pyproject_accepts() -> None:
    oldest, too_new = (".".join(map(str, version)) for version in (tasks.OLDEST, tasks.TOO_NEW))
    assert SpecifierSet(f">={oldest},<{too_new}") == SpecifierSet(PYPROJECT["project"]["requires-python"])


def test_make_and_tasks_know_the_same_commands() -> None:
    line = re.search(r"(?m)^COMMANDS := (.*)$", (PROJECT / "Makefile").read_text(encoding="utf-8"))
    assert line is not None
    assert sorted(line.group(1).split()) == sorted(tasks.COMMANDS)


def test_integration_does_nothing_but_make_test() -> None:
    script = PROJECT / ".ci" / "run"
    shebang, *commands = script.read_text(encoding="utf-8").splitlines()
    assert shebang == "#!/usr/bin/env bash"
    assert commands == ["set -euo pipefail", 'cd "$(dirname "${BASH_SOURCE[0]}")/.."', "exec make test"]
    assert os.name == "nt" or os.access(script, os.X_OK)


def published() -> Iterator[Path]:
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True).stdout
    return (PROJECT / name for name in listed.split("\0") if name and (PROJECT / name).is_file())


@pytest.mark.skipif(not (PROJECT / ".git").exists(), reason="not a git working copy: no list of published files")
def test_published_files_name_no_folder_of_a_machine_and_no_registry() -> None:
    files = list(published())
    assert PROJECT / "pyproject.toml" in files
    found = [
        f"{path.relative_to(PROJECT)}: {hit.group().decode()}"
        for path in files
        for hit in [
            *MACHINE_PATH.finditer(path.read_bytes()),
            *REGISTRY.finditer(ENCODED_PICTURE.sub(b"", path.read_bytes())),
        ]
    ]
    assert found == []


@pytest.mark.parametrize(
    ("text", "is_named"),
    [
        ('"/{}/main/data.csv"', True),
        ("in /{}/x", True),
        ("file:///{}/x", True),
        ("docs/{}/x", False),
        ("{{root}}/{}/x", False),
        ("https://example.com/{}/x", False),
    ],
)
def test_machine_paths_are_told_from_relative_paths_and_addresses(text: str, is_named: bool) -> None:
    assert bool(MACHINE_PATH.search(text.format("work").encode())) == is_named
