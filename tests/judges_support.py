"""What the tests of a server's judges share: a service over a web that a test makes, and processes that lie."""

import asyncio
import os
import stat
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import orjson
from verification_support import AT, EVERYDAY

from node.adapters.judging.errands import Errands, nothing_of_ours
from node.adapters.judging.service import Judging
from node.ports.judging import Held, Question
from node.verification.trust import NO_TRUST

PYTHON = sys.executable
GENEROUS = 20.0  # seconds: for tasks that must end by themselves on a busy machine


class Shared:
    """One service, in a loop of its own, for many tests: starting processes takes most of a second."""

    def __init__(self):
        self._loop = asyncio.new_event_loop()
        self._service = None

    def run(self, work):
        """What some work on it comes to."""
        return self._loop.run_until_complete(work)

    @asynccontextmanager
    async def over(self, fetch=None, **options):
        """The service over a web that a test makes, of which nothing is remembered."""
        if self._service is None:
            self._service = await judging(seconds=GENEROUS).__aenter__()
        errands = errands_over(fetch, **options)
        self._service._errands, before = errands, self._service._errands
        try:
            async with errands:
                yield self._service
        finally:
            self._service._errands = before

    def close(self):
        if self._service is not None:
            self.run(self._service.__aexit__(None, None, None))
        self._loop.close()


def errands_over(fetch=None, trust=NO_TRUST, *, at_home=None, own=nothing_of_ours, chain=None):
    """Errands to a web that a test makes."""
    return Errands(trust, fetch=fetch, fetch_at_home=at_home, own=own, chain=chain)


def judging(fetch=None, trust=NO_TRUST, **options):
    """A service of one process of each kind, for one test."""
    asked = {name: options.pop(name) for name in ("at_home", "own") if name in options}
    told = {"size": 1, "seconds": GENEROUS, "now": lambda: AT, **options}
    return Judging(trust=trust, errands=errands_over(fetch, trust, chain=told.get("chain"), **asked), **told)


def question(**members):
    """How a test asks."""
    held = Held(**{name: members.pop(name) for name in list(members) if name in Held.__slots__})
    return Question(**{"policy": EVERYDAY, "at": AT, "held": held, **members})


def raw(document):
    """A document as it comes in."""
    return document if isinstance(document, bytes) else orjson.dumps(document)


LIAR = """#!{python}
import sys, os, json, time, base64
source, target = sys.stdin.buffer, sys.stdout.buffer
def hear():
    length = source.read(4)
    return source.read(int.from_bytes(length)) if len(length) == 4 else sys.exit()
def tell(letter, message):
    data = letter + (message if isinstance(message, bytes) else json.dumps(message).encode())
    target.write(len(data).to_bytes(4) + data); target.flush()
hear()
tell(b"+", b"")
while True:
    task = hear()
{body}
"""


def liar(tmp_path: Path, monkeypatch, body: str):
    """From now on, processes of pools are this program, which has heard a task and may tell what it likes."""
    program = tmp_path / "liar"
    lines = "\n".join(f"    {line}" for line in body.strip().splitlines())
    program.write_text(LIAR.format(python=PYTHON, body=lines))
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr(sys, "executable", os.fspath(program))
