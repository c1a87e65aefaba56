"""`glejt` in processes that are forked off one that has everything loaded, and that can be made to die at a point.

The points are what `glejt anchor` does to the world: batches, calls, transactions and receipts, each before and after.
"""

import asyncio
import contextlib
import importlib
import io
import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

POINTS = {
    "batch": ("node.adapters.anchor_batches", "SqliteBatchStore", "seal"),
    "call": ("node.adapters.transaction_store", "SqliteTransactionStore", "add"),
    "save": ("node.adapters.transaction_store", "SqliteTransactionStore", "save"),
    "send": ("anchoring.devchain.endpoint", "DevEndpoint", "send"),
    "send to node": ("anchoring.evm", "EvmEndpoint", "send"),
    "record": ("node.adapters.anchor_batches", "SqliteBatchStore", "record"),
    "receipts": ("node.cli.anchor_receipts", "ReceiptFiles", "close"),
}
PRELOADED = (
    *("node.cli.anchor_run", "node.cli.anchor_show", "node.cli.anchor_records", "node.cli.anchor_namespace"),
    *("node.cli.issue_table", "node.cli.status", "anchoring.devchain.chain", "node.adapters.gas_signers", "httpx2"),
    *("web3", "eth_account", "jsonschema_rs", "node.verification.anchors"),
)
DEAD, DONE = "dead", "done"


@dataclass(frozen=True)
class Done:
    """How a process ended, what it said, and which points it passed."""

    ended: str
    returncode: int
    stdout: str
    stderr: str
    passed: list[str]

    def json(self):
        return json.loads(self.stdout)


class Office:
    """Starts processes; `kill` is the point, counted from one, at which a process dies."""

    def __init__(self, **variables):
        from running import environment  # noqa: PLC0415 - not in the forked processes
        from support import ROOT  # noqa: PLC0415 - likewise

        self._zygote = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, str(ROOT / "tests" / "anchor_office.py")],
            env=environment(Path("/nonexistent"), PYTHONPATH=f"{ROOT}{os.pathsep}{ROOT / 'tests'}", **variables),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._zygote.stdin.close()
        self._zygote.wait(timeout=60)
        self._zygote.stdout.close()

    def start(self, folder, *argv, kill=None):
        order = {"argv": [str(word) for word in argv], "kill": kill, "folder": str(folder)}
        self._zygote.stdin.write(json.dumps(order) + "\n")
        self._zygote.stdin.flush()

    def end(self):
        return Done(**json.loads(self._zygote.stdout.readline()))

    def __call__(self, folder, *argv, kill=None):
        self.start(folder, *argv, kill=kill)
        return self.end()


class Watch:
    """Notes each passage of a point, and ends the process at the one that was chosen."""

    def __init__(self, writing, kill):
        self._writing, self._kill, self._count = writing, kill, 0

    def passing(self, name):
        self._count += 1
        os.write(self._writing, f"{name}\n".encode())
        if self._count == self._kill:
            os.kill(os.getpid(), signal.SIGKILL)

    def put_on(self, name, module, kind, method):
        owner = getattr(importlib.import_module(module), kind)
        whole = getattr(owner, method)

        def plain(*arguments, **options):
            self.passing(f"{name}, before")
            done = whole(*arguments, **options)
            self.passing(f"{name}, after")
            return done

        async def waited(*arguments, **options):
            self.passing(f"{name}, before")
            done = await whole(*arguments, **options)
            self.passing(f"{name}, after")
            return done

        setattr(owner, method, waited if asyncio.iscoroutinefunction(whole) else plain)


def _said(stream):
    return stream.buffer.getvalue().decode()


def play(order, writing):
    """One command in this process."""
    from node.cli.program import run  # noqa: PLC0415 - loaded before the fork

    os.chdir(order["folder"])
    os.environ["HOME"] = order["folder"]
    watch = Watch(writing, order["kill"])
    for name, place in POINTS.items():
        watch.put_on(name, *place)
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = run(order["argv"])
    told = json.dumps({"status": status, "stdout": _said(out), "stderr": _said(err)})
    os.write(writing, f"\0{told}".encode())


def obey(order):
    """Fork, and tell how it ended."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        try:
            play(order, writing)
        except BaseException as error:  # noqa: BLE001 - the parent is told
            told = {"status": 99, "stdout": "", "stderr": f"{type(error).__name__}: {error}"}
            os.write(writing, f"\0{json.dumps(told)}".encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as stream:
        points, _, told = stream.read().decode().partition("\0")
    _, status = os.waitpid(child, 0)
    killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    said = json.loads(told) if told else {"status": -9, "stdout": "", "stderr": ""}
    return {
        "ended": DEAD if killed else DONE,
        "returncode": said["status"],
        "stdout": said["stdout"],
        "stderr": said["stderr"],
        "passed": points.split("\n")[:-1],
    }


if __name__ == "__main__":
    for each in PRELOADED:
        with contextlib.suppress(ImportError):
            importlib.import_module(each)
    for line in sys.stdin:
        print(json.dumps(obey(json.loads(line))), flush=True)  # noqa: T201 - the answer
