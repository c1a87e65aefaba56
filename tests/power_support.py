"""A disk that loses its power: what a process wrote is recorded by strace, and every disk it could have left is made.

1. What was synchronised is there. Of what was written since, any sectors may be there and any may not.
2. A file that was made or removed is so for certain once it, or what follows in its folder, was synchronised.
3. The index of the log in shared memory is gone: SQLite makes it anew.
"""

import os
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import pytest

WORKLOAD = Path(__file__).with_name("power_workload.py")
NO_STRACE = "strace is absent: install it, so that a power cut can be replayed"
SECTOR = 512
SECONDS = 120
EMPTIED = (0, None)
CALLS = "openat,pwrite64,write,fsync,fdatasync,ftruncate,unlink"
_LINE = re.compile(r"\d+ +(\w+)\((.*)\) += (-?\d+)")
_OF_FILE = re.compile(r"(?:AT_FDCWD(?:<[^>]*>)?|(\d+)<([^>]*)>)")
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')


def watched(database, total, *more, inject=None, log=None):
    """Run the workload under strace; what it said."""
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip(NO_STRACE)
    tracing = ["-f", "-y", "-xx", "-s", "4194304", "-e", f"trace={CALLS}"] if log else ["-f", "-e", "trace=none"]
    injecting = ["-e", f"inject={inject}", "-e", f"trace={inject.partition(':')[0]}"] if inject else []
    arguments = [sys.executable, WORKLOAD, database, str(total), *more]
    return subprocess.run(  # noqa: S603 -- the workload of this folder
        [strace, *tracing, *injecting, "-o", log or os.devnull, *arguments],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


@dataclass
class File:
    """One file: what is on the disk, and what was written since."""

    durable: bytearray = field(default_factory=bytearray)
    pending: list = field(default_factory=list)
    there: bool = False
    """Whether its name is on the disk."""
    named: bool = True
    """Whether it has one now."""

    def synchronise(self):
        for change in self.pending:
            _apply(self.durable, change, lambda: True)
        self.pending.clear()
        self.there = self.named


def _apply(content, change, reached):
    offset, data = change
    if data is None:
        if reached():
            del content[offset:]
            content.extend(bytes(offset - len(content)))
        return
    for start in range(0, len(data), SECTOR):
        if reached():
            end = offset + start + len(data[start : start + SECTOR])
            content.extend(bytes(max(0, end - len(content))))
            content[offset + start : end] = data[start : start + SECTOR]


def recorded(log, folder):
    """The steps of a recording, in order: `(kind, name, …)` for files in the folder, `("said", text)` for output."""
    for line in log.read_text().splitlines():
        assert "unfinished" not in line, "two threads wrote at once"
        found = _LINE.fullmatch(line)
        if found and not found[3].startswith("-"):
            step = _step(found[1], found[2], folder)
            if step is not None:
                yield step


def _step(call, arguments, folder):
    texts = [_bytes(text) for text in _TEXT.findall(arguments)]
    if call in {"openat", "unlink"}:
        path = Path(texts[-1].decode())
        made = call == "unlink" or "O_CREAT" in arguments
        return (call, path.name) if made and path.parent == folder else None
    descriptor, name = _OF_FILE.match(arguments).groups()
    path = Path(_bytes(name).decode())
    if call == "write":
        return ("said", texts[0].decode().strip()) if descriptor == "1" else None
    if path == folder:
        return "names", ""
    if path.parent != folder:
        return None
    if call in {"fsync", "fdatasync"}:
        return "sync", path.name
    return "write", path.name, int(arguments.rpartition(", ")[2]), texts[0] if call == "pwrite64" else None


def _bytes(text):
    return bytes.fromhex(text.replace("\\x", ""))


def cuts(steps, draw, *, times):
    """After each step, so many disks: `(what was said until then, contents by name)`."""
    files, said = defaultdict(File), []
    for kind, name, *rest in steps:
        if kind == "said":
            said.append(name)
            continue
        if kind == "names":
            for each in files.values():
                each.there = each.named
            continue
        file = files[name]
        if kind == "openat":
            if not file.named:
                file.pending = [EMPTIED]
            file.named = True
        elif kind == "unlink":
            file.named = False
        elif kind == "sync":
            file.synchronise()
        else:
            file.pending.append(tuple(rest))
        for _ in range(times):
            yield list(said), {name: content for name, content in _left(files, draw) if not name.endswith("-shm")}


def _left(files, draw):
    chance = draw.choice((0.0, 0.1, 0.5, 0.9, 1.0))
    for name, file in files.items():
        if file.there or (file.named and draw.random() < chance):
            if file.there and not file.named and draw.random() < chance:
                continue
            content = bytearray(file.durable)
            for change in file.pending:
                _apply(content, change, lambda: draw.random() < chance)
            yield name, content
