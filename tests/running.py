"""Runs the command as people do: as a process, in a folder of its own, with an environment that is known."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from support import ROOT

SECONDS = 60


def environment(folder: Path, **more: str) -> dict[str, str]:
    """A person's environment, in English, with a home folder inside the test's own."""
    known = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    return {**known, "HOME": str(folder), "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT), "PYTHONSAFEPATH": "1", **more}


def glejt(
    folder: Path, *arguments: str, stdin: str | bytes = b"", env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """The finished process of one command line; its streams are text."""
    return python(folder, ["-m", "node", *arguments], stdin=stdin, env=env)


def python(
    folder: Path, arguments: Sequence[str], *, stdin: str | bytes = b"", env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """The same for a script of the test's own."""
    data = stdin.encode() if isinstance(stdin, str) else stdin
    done = subprocess.run(  # noqa: S603 -- our own program
        [sys.executable, *arguments],
        cwd=folder,
        env=environment(folder, **(env or {})),
        input=data,
        capture_output=True,
        timeout=SECONDS,
        check=False,
    )
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())
