"""A PostgreSQL server of the test's own, from the programs of Debian's package."""

import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

PACKAGED = Path("/usr/lib/postgresql")
SUPERUSER = "owner"
PASSWORD = "o'wner %pass"  # needs quoting in SQL and in addresses


def programs() -> Path | None:
    """Return the folder of initdb and pg_ctl: Debian's newest, else what the path holds."""
    packaged = sorted(PACKAGED.glob("*/bin/initdb"), key=lambda file: int(file.parts[-3]))
    found = [packaged[-1]] if packaged else [Path(where) for where in [shutil.which("initdb")] if where]
    return found[0].parent if found else None


@contextmanager
def postgres_server(folder: Path) -> Iterator[int]:
    """Start a server with its data below a folder and stop it at the end; yields its port on this machine."""
    bin_folder = programs()
    if bin_folder is None:
        pytest.skip("PostgreSQL's server programs are absent (Debian package postgresql): no real server to test with")
    run_as = _other_user(folder)
    password, data, port = folder / "password", folder / "data", _free_port()
    password.write_text(PASSWORD)
    _give(folder, run_as)
    options = ["--auth=scram-sha-256", f"--username={SUPERUSER}", f"--pwfile={password}", "--encoding=UTF8", "-N"]
    _run([bin_folder / "initdb", "-D", data, "--locale=C", *options], run_as)
    settings = f"-c listen_addresses=127.0.0.1 -p {port} -c unix_socket_directories={folder} -c fsync=off"
    try:
        _run([bin_folder / "pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", settings, "start"], run_as)
        yield port
    finally:
        if (data / "postmaster.pid").exists():
            _run([bin_folder / "pg_ctl", "-D", data, "-w", "-m", "immediate", "stop"], run_as)


def _other_user(folder: Path) -> str | None:
    """The server refuses to run as root: a user without rights runs it then."""
    if os.geteuid() != 0:
        return None
    user = next((name for name in ("postgres", "nobody") if _has_user(name)), None)
    if user is None or shutil.which("runuser") is None:
        pytest.skip("the tests run as root and there is no other user (or no runuser) to run PostgreSQL as")
    for parent in folder.resolve().parents:
        if parent.owner() == "root" and parent != Path("/") and parent.stat().st_mode & 0o077 == 0:
            parent.chmod(parent.stat().st_mode | 0o011)
    return user


def _has_user(name: str) -> bool:
    return any(entry.pw_name == name for entry in pwd.getpwall())


def _give(folder: Path, user: str | None) -> None:
    if user is not None:
        for path in (folder, *folder.rglob("*")):
            shutil.chown(path, user=user)


def _run(command: list[str | Path], user: str | None) -> None:
    prefix = ["runuser", "-u", user, "--"] if user else []
    done = subprocess.run([*prefix, *map(str, command)], capture_output=True, text=True, timeout=60, cwd="/")
    assert done.returncode == 0, f"{command[0]}: {done.stdout}{done.stderr}"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
