"""The commands: set-up that repairs itself, checks that all run, a summary that counts, help that lists everything."""

import ast
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import tasks

PROJECT = Path(__file__).parents[1]
Calls = list[tuple[str, ...]]


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let the commands work on a copy of the files that describe the environment."""
    shutil.copytree(PROJECT / "requirements", tmp_path / "requirements")
    shutil.copy(PROJECT / "pyproject.toml", tmp_path)
    folder = tmp_path / ".venv"
    places = {"VENV": folder, "STAMP": folder / "stamp", "SPARK_STAMP": folder / "spark", "PYTHON": folder / "py"}
    for name, value in {"ROOT": tmp_path, **places}.items():
        monkeypatch.setattr(tasks, name, value)
    return tmp_path


@pytest.fixture
def steps(copy: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Record the steps of the set-up instead of installing."""
    taken: list[str] = []

    def make() -> None:
        taken.append("make")
        shutil.rmtree(copy / ".venv", ignore_errors=True)
        (copy / ".venv").mkdir()
        (copy / ".venv" / "py").touch()

    monkeypatch.setattr(tasks, "make_environment", make)
    monkeypatch.setattr(tasks, "install", lambda: taken.append("install"))
    monkeypatch.setattr(tasks, "install_locked", lambda lock: taken.append(lock))
    monkeypatch.setattr(tasks, "run", lambda *command: taken.append("warm"))
    return taken


def test_setup_builds_once(steps: list[str]) -> None:
    tasks.setup()
    assert steps == ["make", "install", "warm"]
    tasks.setup()
    assert steps == ["make", "install", "warm"]


def test_setup_starts_again_after_an_interruption(steps: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    whole = tasks.install
    monkeypatch.setattr(tasks, "install", interrupt)
    with pytest.raises(KeyboardInterrupt):
        tasks.setup()
    monkeypatch.setattr(tasks, "install", whole)
    tasks.setup()
    assert steps == ["make", "make", "install", "warm"]


def test_setup_builds_again_when_the_lock_changes(steps: list[str], copy: Path) -> None:
    tasks.setup()
    (copy / "requirements" / "lock.txt").write_text("numpy==2.0.0\n")
    tasks.setup()
    assert steps == ["make", "install", "warm"] * 2


def test_setup_builds_again_when_python_is_gone(steps: list[str], copy: Path) -> None:
    tasks.setup()
    (copy / ".venv" / "py").unlink()
    tasks.setup()
    assert steps == ["make", "install", "warm"] * 2


SPARK = "requirements/spark.txt"


def test_spark_is_added_once_and_testing_without_it_leaves_it_there(steps: list[str]) -> None:
    for command in (tasks.test_spark, tasks.test_spark, tasks.setup, tasks.test_spark):
        command()
    assert steps == ["make", "install", "warm", SPARK, "warm", "warm", "warm"]


@pytest.mark.parametrize(("name", "again"), [("spark.txt", [SPARK]), ("lock.txt", ["make", "install", "warm", SPARK])])
def test_spark_is_added_again_when_its_lock_or_the_environment_changes(
    steps: list[str], copy: Path, name: str, again: list[str]
) -> None:
    tasks.test_spark()
    steps.clear()
    (copy / "requirements" / name).write_text("numpy==2.0.0\n")
    tasks.test_spark()
    assert steps == [*again, "warm"]


def test_spark_that_could_not_be_installed_is_tried_again(steps: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(lock: str) -> None:
        sys.exit(1)

    whole = tasks.install_locked
    monkeypatch.setattr(tasks, "install_locked", fail)
    with pytest.raises(SystemExit):
        tasks.test_spark()
    monkeypatch.setattr(tasks, "install_locked", whole)
    tasks.test_spark()
    assert steps == ["make", "install", "warm", SPARK, "warm"]


@pytest.mark.parametrize(
    ("old", "new", "changes"),
    [
        ("max-complexity = 8", "max-complexity = 9", False),
        ('"pandas>=3.0,<4"', '"pandas>=3.1,<4"', True),
        ('"uv>=0.8"', '"uv>=0.9"', True),
    ],
)
def test_requirements_count_for_the_environment_and_style_settings_do_not(
    copy: Path, old: str, new: str, changes: bool
) -> None:
    before = tasks.environment_key()
    text = (copy / "pyproject.toml").read_text(encoding="utf-8")
    assert old in text
    (copy / "pyproject.toml").write_text(text.replace(old, new), encoding="utf-8")
    assert (tasks.environment_key() != before) == changes


@pytest.mark.parametrize("machine", [("Darwin", "x86_64"), ("Windows", "ARM64")])
def test_a_machine_without_built_packages_is_sent_to_conda(
    steps: list[str], monkeypatch: pytest.MonkeyPatch, machine: tuple[str, str]
) -> None:
    monkeypatch.setattr(tasks.platform, "system", lambda: machine[0])
    monkeypatch.setattr(tasks.platform, "machine", lambda: machine[1])
    with pytest.raises(SystemExit, match=r"environment\.yml"):
        tasks.setup()
    assert steps == []


@pytest.fixture
def installs(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[str], bool]], list[str]]:
    """Install with programs of which some fail; returns what was called: the installer and what it was to install."""

    def install(works: Callable[[str], bool]) -> list[str]:
        called: list[str] = []

        def succeeds(*command: object, settings: object = None) -> bool:
            called.append(f"{'uv' if 'uv' in command else 'pip'} {command[-1]}")
            return works(called[-1])

        monkeypatch.setattr(tasks, "succeeds", succeeds)
        monkeypatch.setattr(tasks, "run", lambda *command: succeeds(*command))
        monkeypatch.setattr(tasks, "uv_settings", dict)
        tasks.install()
        return called

    return install


UV_ITSELF, UV_LOCK, UV_PACKAGE = "pip requirements/bootstrap.txt", "uv requirements/lock.txt", "uv ."
PIP_LOCK, PIP_PACKAGE = "pip requirements/lock.txt", "pip ."


def test_uv_installs_where_it_can_be_had(installs: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RISKRESEARCH_NO_UV", raising=False)
    assert installs(lambda call: True) == [UV_ITSELF, UV_LOCK, UV_PACKAGE]


@pytest.mark.parametrize("failing", [UV_ITSELF, UV_LOCK])
def test_pip_installs_where_uv_cannot(
    installs: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    monkeypatch.delenv("RISKRESEARCH_NO_UV", raising=False)
    calls = installs(lambda call: call != failing)
    assert calls[-2:] == [PIP_LOCK, PIP_PACKAGE]
    assert UV_PACKAGE not in calls


def test_pip_installs_where_uv_is_not_wanted(
    installs: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RISKRESEARCH_NO_UV", "1")
    assert installs(lambda call: True) == [PIP_LOCK, PIP_PACKAGE]


def test_packages_are_always_checked_against_their_hashes() -> None:
    commands = [tasks.locked(installer, lock) for installer in (tasks.UV, tasks.PIP) for lock in ("a.txt", "b.txt")]
    assert all("--require-hashes" in command for command in (tasks.UV_ITSELF, *commands))


@pytest.mark.parametrize(
    ("listed", "given", "settings"),
    [
        ([], {}, {}),
        (["global.index-url='https://a.example/simple'"], {}, {"UV_DEFAULT_INDEX": "https://a.example/simple"}),
        (
            [":env:.index-url='https://c'", "global.index-url='https://a'", "install.index-url='https://b'"],
            {},
            {"UV_DEFAULT_INDEX": "https://c"},
        ),
        (["global.index-url='https://a'"], {"UV_DEFAULT_INDEX": "https://own"}, {}),
        (["global.index-url='https://a'"], {"UV_INDEX_URL": "https://own"}, {}),
        (["global.cert='/certs/ca.pem'"], {}, {"SSL_CERT_FILE": "/certs/ca.pem"}),
        (["global.proxy='http://p:3128'", "global.timeout='60'"], {}, {"ALL_PROXY": "http://p:3128"}),
    ],
)
def test_pip_settings_reach_uv_unless_uv_has_its_own(
    listed: list[str], given: dict[str, str], settings: dict[str, str]
) -> None:
    assert tasks.translate(listed, given) == settings


def test_all_checks_run_and_the_failed_ones_are_named(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    suite = '<testsuites><testsuite tests="{}" failures="{}" errors="{}" skipped="{}"/></testsuites>'

    def writing(path: Path, text: str, code: int) -> tuple[str, ...]:
        return (sys.executable, "-c", f"open({str(path)!r}, 'w').write({text!r}); raise SystemExit({code})")

    def parts(folder: Path) -> dict[str, tuple[str, ...]]:
        return {
            "style": (sys.executable, "-c", "raise SystemExit(1)"),
            "package": writing(folder / "package.xml", suite.format(10, 1, 1, 2), 1),
            "notebooks": writing(folder / "notebooks.xml", suite.format(5, 0, 0, 1), 0),
        }

    monkeypatch.setattr(tasks, "setup", lambda: None)
    monkeypatch.setattr(tasks, "test_parts", parts)
    with pytest.raises(SystemExit, match=r"^failed: style, package$"):
        tasks.test()
    assert capfd.readouterr().out.splitlines()[-1] == "10 passed, 2 failed, 3 skipped"


def test_the_summary_agrees_with_pytest(tmp_path: Path) -> None:
    (tmp_path / "test_four.py").write_text(
        "import pytest\n\n"
        "def test_passes(): pass\n\n"
        "def test_fails(): assert False\n\n"
        "def test_skips(): pytest.skip()\n\n"
        "def test_errs(absent): pass\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "--rootdir=.", "-p", "no:cacheprovider", "--junitxml=counts.xml"]
    finished = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "1 failed, 1 passed, 1 skipped, 1 error" in finished.stdout
    assert tasks.summarise([tmp_path / "counts.xml"]) == "1 passed, 2 failed, 1 skipped"


def test_help_lists_every_command_with_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    tasks.main([])
    listed = {line.split()[0]: line.strip() for line in capsys.readouterr().out.splitlines() if line.startswith("  ")}
    assert list(listed) == list(tasks.COMMANDS)
    assert all(line.endswith(".") and len(line) <= 120 for line in listed.values())


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["tset"], "There is no command 'tset'; there are report, test"),
        (["test", "-k", "dso"], "takes no further words"),
    ],
)
def test_a_wrong_word_is_answered(words: list[str], message: str) -> None:
    with pytest.raises(SystemExit, match=message):
        tasks.main(words)


def test_commands_run_without_personal_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "elsewhere")
    monkeypatch.setenv("MPLCONFIGDIR", "elsewhere")
    around = tasks.surroundings()
    assert "PYTHONPATH" not in around
    assert all(Path(around[name]).is_relative_to(tasks.VENV) for name in ("MPLCONFIGDIR", "IPYTHONDIR"))


@pytest.mark.parametrize("version", [(3, 10, 13), (3, 15, 0)])
def test_an_unfit_python_is_told_what_to_do(version: tuple[int, ...]) -> None:
    code = f"import runpy, sys; sys.version_info = {version}; runpy.run_path('tasks.py', run_name='__main__')"
    finished = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=False)
    assert finished.returncode == 1
    assert finished.stderr.startswith(f"This is Python {version[0]}.{version[1]}; riskresearch needs 3.11")


def test_an_old_python_can_read_the_file_as_far_as_the_message() -> None:
    ast.parse((PROJECT / "tasks.py").read_text(encoding="utf-8"), feature_version=(3, 6))
