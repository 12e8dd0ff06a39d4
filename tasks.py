"""Commands of the project: `python3 tasks.py <command>`, or `make <command>`; without a command it lists them.

Only the standard library is used, so a bare Python starts it on Linux, macOS and Windows. The first command builds the
folder `.venv` from the locked versions in `requirements/`; packages come from the registry that pip is set up with.
"""

import ast
import hashlib
import inspect
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Iterable, Mapping
from pathlib import Path
from xml.etree import ElementTree

OLDEST, TOO_NEW = (3, 11), (3, 15)
if not OLDEST <= sys.version_info[:2] < TOO_NEW:  # before anything an older Python cannot read
    sys.exit(
        "This is Python {}.{}; riskresearch needs 3.11, 3.12, 3.13 or 3.14. Start one of them by its name, "
        "for instance `python3.12 tasks.py report` or `make report PYTHON=python3.12`.".format(*sys.version_info)
    )

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
STAMP, SPARK_STAMP = VENV / "riskresearch.stamp", VENV / "riskresearch-spark.stamp"
SCRIPTS = VENV / ("Scripts" if os.name == "nt" else "bin")
SUFFIX = ".exe" if os.name == "nt" else ""
PYTHON = SCRIPTS / f"python{SUFFIX}"
INSTALL = ("pip", "install", "--quiet")
PIP = (PYTHON, "-m", *INSTALL, "--disable-pip-version-check", "--no-compile")
UV = (PYTHON, "-m", "uv", *INSTALL, "--python", PYTHON)

MLFLOW_VENV = ROOT / ".venv-mlflow"
MLFLOW_STAMP = MLFLOW_VENV / "riskresearch.stamp"
MLFLOW_PYTHON = MLFLOW_VENV / SCRIPTS.name / PYTHON.name
MLFLOW_INSTALLERS = ((*UV[:-1], MLFLOW_PYTHON), (MLFLOW_PYTHON, *PIP[1:]))
MLFLOW_STORE = "data/experiments/mlflow.db"
MLFLOW_SETTINGS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",  # its workers are for judging texts
    "PATH": f"{MLFLOW_PYTHON.parent}{os.pathsep}{os.environ.get('PATH', '')}",
    "VIRTUAL_ENV": str(MLFLOW_VENV),
}

LOCK, RUN_LOCK, SPARK_LOCK, MLFLOW_LOCK, BOOTSTRAP = (
    f"requirements/{name}.txt" for name in ("lock", "run", "spark", "mlflow", "bootstrap")
)
UV_ITSELF = ("--only-binary", ":all:", "--require-hashes", "-r", BOOTSTRAP)
COMPILE = (
    *("--universal", "--fork-strategy", "fewest", "--python-version", "3.11", "--generate-hashes"),
    *("--no-emit-index-url", "--no-emit-find-links", "--no-header", "--quiet"),
)
CONCISE = ("--quiet", "--output-format", "concise")
NBVAL = ("--nbval", "--nbval-current-env", "--nbval-cell-timeout", "120")
SOURCES = ("src", "tests", "benchmarks", "tasks.py", "notebooks")
NO_WHEELS = (("Darwin", "x86_64"), ("Windows", "ARM64"))
UV_NAMES = {"index-url": "UV_DEFAULT_INDEX", "cert": "SSL_CERT_FILE", "proxy": "ALL_PROXY"}
DEMO = ("--customers", "350", "--months", "48", "--seed", "1", "--default-rate", "0.07", "--invoices-per-month", "1")
PARALLEL = ("--numprocesses", "auto", "--dist", "loadgroup")
Command = tuple[str | Path, ...]


def setup() -> None:
    """Make or repair the environment .venv from the locked versions; at once if it is up to date."""
    key = environment_key()
    if PYTHON.exists() and STAMP.is_file() and STAMP.read_text(encoding="utf-8") == key:
        return
    if (platform.system(), platform.machine()) in NO_WHEELS:
        sys.exit("Some packages are not built for this kind of machine; use conda with environment.yml instead.")
    say("Setting up .venv, once; this takes some seconds with uv, some minutes without.")
    started = time.monotonic()
    make_environment()
    install()
    run(PYTHON, "-c", "import matplotlib.font_manager")  # lists the fonts now; a notebook would store the warning
    STAMP.write_text(key, encoding="utf-8")
    say(f"The environment is ready after {time.monotonic() - started:.0f} seconds.")


def report(*words: str) -> None:
    """Run the demo ledger through all stages and write reports/demo/index.html."""
    setup()
    run(tool("riskresearch"), "run", "--ledger", "data/demo", "--run", "demo", "--config", "config/demo.yaml", *words)


def test() -> None:
    """Check style, types, the package with its examples, and every notebook against its stored outputs."""
    setup()
    with tempfile.TemporaryDirectory() as folder:
        parts = test_parts(Path(folder))
        failed = [title for title, command in parts.items() if not passes(title, command)]
        summary = summarise(Path(folder).glob("*.xml"))
    say(f"\n{summary}")
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


def test_spark(*words: str) -> None:
    """Check the panel and the scorer on a local Spark session; adds PySpark to .venv first. Needs Java."""
    setup()
    add_spark()
    run(PYTHON, "-m", "pytest", "tests/spark", *words)


def lab(*words: str) -> None:
    """Open the notebooks in JupyterLab."""
    setup()
    run(tool("jupyter"), "lab", "notebooks", *words)


def bench(*words: str) -> None:
    """Measure speed and memory against plain alternatives, side by side; writes benchmarks/results.json."""
    setup()
    run(PYTHON, "benchmarks/bench.py", *words)


def mlflow(*words: str) -> None:
    """Show the recorded fits in MLflow's page, on this machine only; `mlflow --import-only` shows nothing."""
    if not any((ROOT / "data" / "experiments").glob("*.json")):
        sys.exit("No fit is recorded in data/experiments yet; `make report` or `riskresearch run` records one.")
    setup()
    add_mlflow()
    bring = ("-I", "src/riskresearch/pipeline/mlflow_store.py", ".", MLFLOW_STORE)
    run(MLFLOW_PYTHON, *bring, settings=MLFLOW_SETTINGS)
    rest = [word for word in words if word != "--import-only"]
    if len(rest) == len(words):
        store = ("--backend-store-uri", f"sqlite:///{MLFLOW_STORE}", "--host", "127.0.0.1", "--workers", "1")
        run(MLFLOW_PYTHON, "-m", "mlflow", "ui", *store, *rest, settings=MLFLOW_SETTINGS)


def docs(*words: str) -> None:
    """Write the generated pages of docs/ and config/default.yaml anew."""
    setup()
    run(tool("riskresearch"), "docs", *words)


def lock(*words: str) -> None:
    """Compile the locks in requirements/ after a change of pyproject.toml; `lock --upgrade` takes newer versions."""
    if not PYTHON.exists():
        make_environment()
    run(*PIP, *UV_ITSELF)
    compiling: Command = (PYTHON, "-m", "uv", "pip", "compile", *COMPILE, *words)
    run(*compiling, "--group", "pyproject.toml:bootstrap", "-o", BOOTSTRAP)
    run(*compiling, "--group", "dev", "pyproject.toml", "-o", LOCK)
    run(*compiling, "--no-annotate", "--group", "pyproject.toml:mlflow", "-o", MLFLOW_LOCK)
    run(*compiling, "--no-annotate", "-c", LOCK, "pyproject.toml", "-o", RUN_LOCK)
    run(*compiling, "--no-annotate", "-c", LOCK, "--extra", "spark", "pyproject.toml", "-o", SPARK_LOCK)


def notebooks(*words: str) -> None:
    """Run all notebooks from top to bottom and store them with their outputs, normalised."""
    setup()
    run(tool("riskresearch"), "notebooks", *words)


def demo(*words: str) -> None:
    """Write the demo ledger data/demo anew from its seed."""
    setup()
    run(tool("riskresearch"), "demo", "--output", "data/demo", *DEMO, *words)


def clean() -> None:
    """Remove the environments and all caches; data, runs and reports stay."""
    made = [VENV, MLFLOW_VENV, *ROOT.glob(".*_cache"), ROOT / ".hypothesis"]
    for source in SOURCES:
        made += [*(ROOT / source).rglob("__pycache__"), *(ROOT / source).rglob(".ipynb_checkpoints")]
    for folder in made:
        shutil.rmtree(folder, ignore_errors=True)


def show_help() -> None:
    """List the commands."""
    say("python3 tasks.py <command>, or make <command>:\n")
    for name, command in COMMANDS.items():
        say(f"  {name:10} {str(command.__doc__).splitlines()[0]}")
    say("\nWords after the command are handed on: python3 tasks.py lab --no-browser, make lab ARGS=--no-browser")


COMMANDS = {
    "report": report,
    "test": test,
    "test-spark": test_spark,
    "lab": lab,
    "bench": bench,
    "mlflow": mlflow,
    "notebooks": notebooks,
    "docs": docs,
    "demo": demo,
    "lock": lock,
    "setup": setup,
    "clean": clean,
    "help": show_help,
}


def environment_key() -> str:
    """Return what the environment depends on: locks, requirements, place and Python; style settings do not count."""
    import tomllib  # unknown to the older versions of Python that are refused above

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    used = [project[name] for name in ("build-system", "project", "dependency-groups")]
    files = [(ROOT / name).read_bytes() for name in (LOCK, BOOTSTRAP)]
    return hashlib.sha256(b"\0".join([json.dumps([used, str(ROOT), sys.version]).encode(), *files])).hexdigest()


def make_environment(folder: Path | None = None) -> None:
    """Make .venv, or another one, from nothing, so that whatever an interrupted set-up left behind is gone."""
    folder = folder or VENV
    try:
        venv.EnvBuilder(clear=True, symlinks=os.name != "nt", with_pip=True).create(folder)
    except PermissionError as error:
        sys.exit(
            f"{folder.name} is in use ({error.filename}); leave it with `deactivate`, close what runs in it, "
            "then call again."
        )
    except (ImportError, subprocess.CalledProcessError):
        sys.exit("This Python comes without ensurepip; on Debian and Ubuntu install python3-venv, then call again.")


def add_spark() -> None:
    """Add the locked PySpark to .venv; at once if it is there. The other packages keep their versions."""
    spark_lock = (ROOT / SPARK_LOCK).read_bytes()
    key = hashlib.sha256(environment_key().encode() + spark_lock).hexdigest()
    if SPARK_STAMP.is_file() and SPARK_STAMP.read_text(encoding="utf-8") == key:
        return
    say("Adding PySpark to .venv, once; it is large (480 MB) and built here.")
    install_locked(SPARK_LOCK)
    SPARK_STAMP.write_text(key, encoding="utf-8")


def add_mlflow() -> None:
    """Make or repair .venv-mlflow from its own lock; at once if it is up to date."""
    key = hashlib.sha256((ROOT / MLFLOW_LOCK).read_bytes() + f"{ROOT}{sys.version}".encode()).hexdigest()
    if MLFLOW_STAMP.is_file() and MLFLOW_STAMP.read_text(encoding="utf-8") == key:
        return
    say("Setting up .venv-mlflow, once; it is large (650 MB).")
    make_environment(MLFLOW_VENV)
    install_locked(MLFLOW_LOCK, MLFLOW_INSTALLERS)
    MLFLOW_STAMP.write_text(key, encoding="utf-8")


def install() -> None:
    """Install the lock and the package."""
    run(*package(install_locked(LOCK)))


def install_locked(lock: str, installers: tuple[Command, Command] = (UV, PIP)) -> Command:
    """Install a lock with uv or, where uv cannot be had or fails, with pip; return the installer that worked."""
    uv, pip = installers
    if not os.environ.get("RISKRESEARCH_NO_UV"):
        if succeeds(*PIP, *UV_ITSELF) and succeeds(*locked(uv, lock), settings=uv_settings()):
            return uv
        say("uv is not available here; installing with pip, which takes longer.")
    run(*locked(pip, lock))
    return pip


def locked(installer: Command, lock: str) -> Command:
    """Return the command that installs all packages of a lock, each checked against its hash."""
    return (*installer, "--require-hashes", "-r", lock)


def package(installer: Command) -> Command:
    """Return the command that installs riskresearch itself, in place."""
    return (*installer, "--no-deps", "--no-build-isolation", "-e", ".")


def uv_settings() -> dict[str, str]:
    """Return index, certificate and proxy of the user's pip settings in uv's names; uv reads no pip settings."""
    command = (PYTHON, "-m", "pip", "config", "list")
    listed = subprocess.run(command, cwd=ROOT, env=surroundings(), capture_output=True, text=True, check=False).stdout
    return translate(listed.splitlines(), os.environ)


def translate(listed: Iterable[str], given: Mapping[str, str]) -> dict[str, str]:
    """Translate lines of `pip config list`; the more special wins, and what is set for uv already stays."""
    pairs = [line.split("=", 1) for line in listed if "=" in line]
    values = {key: ast.literal_eval(value) for key, value in pairs}
    found: dict[str, str] = {}
    for section in ("global", "install", ":env:"):
        found |= {UV_NAMES[name]: values[f"{section}.{name}"] for name in UV_NAMES if f"{section}.{name}" in values}
    if given.keys() & {"UV_INDEX", "UV_INDEX_URL"}:
        found.pop("UV_DEFAULT_INDEX", None)
    return {name: value for name, value in found.items() if name not in given}


def test_parts(folder: Path) -> dict[str, Command]:
    """Return the checks of `test` by title; both runs of pytest write their counts into the folder."""

    def pytest(name: str) -> Command:
        return (PYTHON, "-m", "pytest", "--quiet", f"--junitxml={folder / name}.xml")

    return {
        "style (ruff check)": (tool("ruff"), "check", *CONCISE, *SOURCES),
        "layout (ruff format)": (tool("ruff"), "format", "--check", *CONCISE, *SOURCES),
        "types (mypy)": (tool("mypy"),),
        "package (pytest)": (*pytest("package"), *PARALLEL, "--doctest-modules", "tests", "src"),
        "notebooks (nbval)": (*pytest("notebooks"), *NBVAL, "notebooks"),
    }


def passes(title: str, command: Command) -> bool:
    """Run one check under its title."""
    say(f"\n== {title}")
    return succeeds(*command)


def summarise(results: Iterable[Path]) -> str:
    """Sum JUnit files into one line such as ``312 passed, 0 failed, 4 skipped``."""
    counts = dict.fromkeys(("tests", "failures", "errors", "skipped"), 0)
    for suite in (suite for path in results for suite in ElementTree.parse(path).iter("testsuite")):
        counts = {name: count + int(suite.get(name, 0)) for name, count in counts.items()}
    failed = counts["failures"] + counts["errors"]
    return f"{counts['tests'] - failed - counts['skipped']} passed, {failed} failed, {counts['skipped']} skipped"


def surroundings() -> dict[str, str]:
    """Return the environment of all commands: that of .venv, without the person's own plotting and IPython settings."""
    dropped = (
        "PYTHONPATH",
        "PYTHONHOME",
        "PYTHONDONTWRITEBYTECODE",
    )  # without compiled files each kernel starts slowly
    kept = {name: value for name, value in os.environ.items() if name not in dropped}
    return kept | {
        "VIRTUAL_ENV": str(VENV),
        "PATH": f"{SCRIPTS}{os.pathsep}{os.environ.get('PATH', '')}",
        "MPLCONFIGDIR": str(VENV / "etc" / "matplotlib"),
        "IPYTHONDIR": str(VENV / "etc" / "ipython"),
        "PYTHONUTF8": "1",
    }


def tool(name: str) -> Path:
    """Return the path of a program of the environment."""
    return SCRIPTS / f"{name}{SUFFIX}"


def succeeds(*command: str | Path, settings: Mapping[str, str] | None = None) -> bool:
    """Run a program in the project folder and say whether it succeeded."""
    return not subprocess.run(command, cwd=ROOT, env={**surroundings(), **(settings or {})}, check=False).returncode


def run(*command: str | Path, settings: Mapping[str, str] | None = None) -> None:
    """Run a program in the project folder and stop if it fails."""
    finished = subprocess.run(command, cwd=ROOT, env={**surroundings(), **(settings or {})}, check=False)
    if finished.returncode:
        sys.exit(finished.returncode)


def say(text: str) -> None:
    """Print at once, so that the lines keep their order among those of the programs called."""
    print(text, flush=True)


def main(words: list[str]) -> None:
    """Carry out the command that the first word names."""
    name, *rest = words or ["help"]
    name = "help" if name in ("-h", "--help") else name
    if name not in COMMANDS:
        sys.exit(f"There is no command {name!r}; there are {', '.join(COMMANDS)}.")
    if rest and not inspect.signature(COMMANDS[name]).parameters:
        sys.exit(f"The command {name!r} takes no further words; {' '.join(rest)!r} has no meaning.")
    try:
        COMMANDS[name](*rest)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main(sys.argv[1:])
