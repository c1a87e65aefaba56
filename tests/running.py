"""Runs the command as people do: as a process, in a folder of its own, with an environment that is known."""

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import prepared
from prepared import changes_python
from support import ROOT

SECONDS = 60


def environment(folder: Path, **more: str) -> dict[str, str]:
    """A person's environment, in English, with a home folder inside the test's own."""
    known = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    return {**known, "HOME": str(folder), "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT), "PYTHONSAFEPATH": "1", **more}


def glejt(
    folder: Path, *arguments: str, stdin: str | bytes = b"", env: Mapping[str, str] | None = None, new: bool = False
) -> subprocess.CompletedProcess[str]:
    """The finished process of one command line; its streams are text.

    It is a fork of one that has imported the program; `new` is for tests of the start.
    """
    if new or changes_python(env or {}):
        return python(folder, ["-m", "node", *arguments], stdin=stdin, env=env)
    data = stdin.encode() if isinstance(stdin, str) else stdin
    line = [os.fspath(argument) for argument in arguments]
    status, out, err = prepared.run(line, folder, environment(folder, **(env or {})), data, SECONDS)
    return subprocess.CompletedProcess(line, status, out.decode(), err.decode())


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


def at_terminal(folder, *arguments, answers=(), columns=80, **variables):
    """Run glejt at a terminal; each answer is typed once its question has been shown."""
    main, side = pty.openpty()
    fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    process = subprocess.Popen(  # noqa: S603 -- our own program
        [sys.executable, "-m", "node", *arguments],
        cwd=folder,
        env=environment(folder, **{"TERM": "xterm"} | variables),
        stdin=side,
        stdout=side,
        stderr=side,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509 -- a child of one call, no threads
    )
    os.close(side)
    shown, asked, pending, end = "", 0, list(answers), time.monotonic() + SECONDS
    while time.monotonic() < end:
        if select.select([main], [], [], 0.1)[0]:
            try:
                chunk = os.read(main, 65536).decode()
            except OSError:  # the other side is closed
                break
            if not chunk:
                break
            shown += chunk
        while pending and (found := shown.find(pending[0][0], asked)) >= 0:
            asked = found + len(pending[0][0])
            os.write(main, pending.pop(0)[1].encode())
    os.close(main)
    return process.wait(timeout=SECONDS), shown.replace("\r\n", "\n")
