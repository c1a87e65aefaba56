"""Writers of an embedded chain that are killed, each in a process of its own: `python devchain_crash.py` takes a case a
line, as JSON, and answers with what that writer had told of before it died.

A case names the folder, and the point at whose `nth` passing the process kills itself, or `after` how many seconds it
is killed from outside.
"""

import json
import os
import signal
import sys
import threading
import time
from pathlib import Path

from anchoring.devchain import machine, store

BLOCKS = 6


class Death:
    """What kills the process when it passes a point so often."""

    def __init__(self, point, nth):
        self._point, self._left = point, nth

    def reach(self, name):
        if name == self._point:
            self._left -= 1
            if not self._left:
                os.kill(os.getpid(), signal.SIGKILL)

    def after(self, name, function):
        def wrapped(*given):
            result = function(*given)
            self.reach(name)
            return result

        return wrapped

    def before(self, name, function):
        def wrapped(*given):
            self.reach(name)
            return function(*given)

        return wrapped


class Watched:
    """A connection that says where it is in a commit."""

    def __init__(self, connection, reach):
        self._connection, self._reach = connection, reach

    def __getattr__(self, name):
        return getattr(self._connection, name)

    def __enter__(self):
        self._reach("commit")
        return self._connection.__enter__()

    def executemany(self, query, rows):
        rows = list(rows)
        for place, row in enumerate(rows):
            if place == len(rows) // 2:
                self._reach("half")
            if place == len(rows) - 1:
                self._reach("last row")
            self._connection.execute(query, row)

    def __exit__(self, *error):
        self._reach("written")
        self._connection.__exit__(*error)
        self._reach("committed")


def _instrument(death):
    connected = death.after("schema", store._connected)
    store._connected = lambda path: Watched(connected(path), death.reach)
    store._locked = death.after("locked", store._locked)
    store._prepare = death.before("file", store._prepare)
    database = machine.LocalChain.chaindb_class
    database.persist_block = death.before("executed", database.persist_block)


def _write(case, out):
    _instrument(Death(case.get("point"), case.get("nth")))
    opened = machine.Machine(Path(case["folder"]), time.time, at_once=True)
    for _ in range(BLOCKS):
        os.write(out, f"{opened.head.block_number} {opened.head.hash.hex()}\n".encode())
        opened.fund(bytes([7]) * 20, 1)
    os.write(out, f"{opened.head.block_number} {opened.head.hash.hex()}\n".encode())


def _told(case):
    ours, theirs = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.close(ours)
            _write(case, theirs)
        finally:
            os._exit(0)
    os.close(theirs)
    if "after" in case:
        time.sleep(case["after"])
        os.kill(child, signal.SIGKILL)
    with os.fdopen(ours) as pipe:
        told = [line.split() for line in pipe.read().splitlines()]
    _, status = os.waitpid(child, 0)
    killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    return {"killed": killed, "told": [[int(number), digest] for number, digest in told]}


if __name__ == "__main__":
    assert threading.active_count() == 1
    for line in sys.stdin:
        sys.stdout.write(json.dumps(_told(json.loads(line))) + "\n")
        sys.stdout.flush()
