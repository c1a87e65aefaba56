"""Databases to test on: SQLite in a file, and a PostgreSQL that is started for the tests on a socket of its own."""

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

START_SECONDS = 20
NO_POSTGRESQL = "PostgreSQL is absent: install it, so that initdb and postgres are found"
SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",  # what a power cut does is not tested by this server
    "shared_buffers": "32MB",
    "max_connections": "120",
}


def _program(name: str) -> str | None:
    """A program of PostgreSQL; packages put it where no PATH leads."""
    found = shutil.which(name)
    if found is None:
        versions = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
        found = str(versions[-1]) if versions else None
    return found


def _account() -> dict[str, object]:
    """Whom to run it as: it refuses the administrator."""
    if os.geteuid():
        return {}
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    pytest.skip("PostgreSQL refuses the administrator, and there is no other account", allow_module_level=True)


@contextmanager
def postgresql_server(port: int | None = None) -> Iterator[str]:
    """A server of its own, as `postgresql://postgres@/{}?host=…`; skips where none is installed.

    With a `port` it listens there on this machine, too, for programs that know no sockets of files.
    """
    initdb, postgres = _program("initdb"), _program("postgres")
    if initdb is None or postgres is None:
        pytest.skip(NO_POSTGRESQL)
    account = _account()
    folder = Path(tempfile.mkdtemp(prefix="glejt-pg-"))
    process = None
    try:
        if account:
            os.chown(folder, account["user"], account["group"])
        data = folder / "data"
        made = [initdb, "-D", data, "-U", "postgres", "--auth=trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
        subprocess.run(made, check=True, capture_output=True, cwd="/", **account)  # noqa: S603 -- the programs found above
        local = {} if port is None else {"listen_addresses": "127.0.0.1", "port": str(port)}
        options = [part for name, value in (SETTINGS | local).items() for part in ("-c", f"{name}={value}")]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(  # noqa: S603 -- likewise
                [postgres, "-D", data, "-k", folder, *options], stdout=log, stderr=log, cwd="/", **account
            )
        address = f"postgresql://postgres@/{{}}?host={folder}" + ("" if port is None else f"&port={port}")
        _wait(address.format("postgres"), process, folder / "log")
        yield address
    finally:
        if process is not None:
            process.send_signal(signal.SIGINT)
            process.wait(START_SECONDS)
        shutil.rmtree(folder, ignore_errors=True)


def _wait(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while True:
        try:
            psycopg.connect(address).close()
        except psycopg.OperationalError:
            assert process.poll() is None, log.read_text("utf-8")
            assert time.monotonic() < end, log.read_text("utf-8")
            time.sleep(0.05)
        else:
            return


@contextmanager
def fresh_database(server: str, template: str = "template1") -> Iterator[str]:
    """The address of a database that ends with the test."""
    name = f"t{secrets.token_hex(6)}"
    with psycopg.connect(server.format("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            yield server.format(name)
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
