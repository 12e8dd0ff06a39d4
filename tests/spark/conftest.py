"""The test group of Spark: on a real local session, started once; skipped with the reason where there can be none."""

import importlib.util
import os
import shutil
import subprocess
from collections.abc import Iterator

import pytest

from riskresearch.features.engines import Engine, open_engine


def why_not() -> str | None:
    """Say why there can be no Spark session here; None if there can."""
    home = os.environ.get("JAVA_HOME")
    java = (shutil.which("java", path=os.path.join(home, "bin")) if home else None) or shutil.which("java")
    if java is None or subprocess.run([java, "-version"], capture_output=True, check=False).returncode:
        return "Java is absent (no command `java`, no JAVA_HOME): Spark needs a Java runtime, version 17 or 21"
    if importlib.util.find_spec("pyspark") is None:
        return "PySpark is not installed: `make test-spark` adds it and runs these tests"
    return None


@pytest.fixture(scope="session")
def spark_is_possible() -> None:
    """Skip where Java or PySpark is absent."""
    reason = why_not()
    if reason is not None:
        pytest.skip(reason)


@pytest.fixture(scope="session")
def spark(spark_is_possible: None) -> Iterator[Engine]:
    """The engine on a session that all tests share."""
    with open_engine("spark") as engine:
        yield engine
