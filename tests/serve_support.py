"""Nodes as processes of their own, on this machine alone, each in a folder of its test's."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing, contextmanager
from dataclasses import dataclass, field

import httpx2
from prepared import changes_python, started
from running import environment

from node.documents import parse_object

READY_SECONDS = 60
"""For a start on a machine under load; how long one takes is measured in bench/serve_start.py."""
END_SECONDS = 60


@dataclass
class Running:
    """A node that runs: what it told when it was ready, and what it has said since."""

    process: subprocess.Popen
    told: dict
    said: list = field(default_factory=list)

    @property
    def url(self):
        return self.told["listens"]

    @property
    def key(self):
        return {"Authorization": f"Bearer {self.told['made']['key']}"}

    def get(self, path, **more):
        return httpx2.get(f"{self.url}{path}", timeout=30, **more)

    def stop(self, number=signal.SIGTERM):
        """End it; the exit status."""
        self.process.send_signal(number)
        return self.process.wait(END_SECONDS)

    def interrupt(self):
        """End it as Ctrl-C does, which all processes of its group get; the exit status."""
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(END_SECONDS)


MODULE = ("-m", "node")
QUICK = {"GLEJT_NODE_CHAIN": "none", "GLEJT_NODE_JUDGES": "1"}
"""For tests of something else than the chain and the judges."""


def start(folder, *arguments, data="data", module=MODULE, **variables):
    """A process that serves, not waited for."""
    line = [sys.executable, *module, "serve", "--json", "--port", "0", "--data", str(folder / data), *arguments]
    return subprocess.Popen(  # noqa: S603 -- our own program
        line,
        cwd=folder,
        env=environment(folder, **variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


@contextmanager
def serving(folder, *arguments, data="data", module=None, **variables):
    """A node that runs until this ends."""
    if module or changes_python(variables):
        process = start(folder, *arguments, data=data, module=module or MODULE, **variables)
    else:
        line = ["serve", "--json", "--port", "0", "--data", str(folder / data), *map(str, arguments)]
        process = started(line, folder, environment(folder, **variables))
    said = []
    reader = threading.Thread(target=lambda: said.extend(process.stderr), daemon=True)
    reader.start()
    watch = threading.Timer(READY_SECONDS, process.kill)
    watch.start()
    try:
        line = process.stdout.readline()
        watch.cancel()
        assert line, "".join(said)
        yield Running(process, json.loads(line), said)
    finally:
        watch.cancel()
        if process.poll() is None:
            process.kill()
        process.wait(END_SECONDS)
        reader.join(END_SECONDS)
        process.stdout.close()
        process.stderr.close()


def issue(client, node, number, **headers):
    """Have a credential issued by the first issuer."""
    credential = {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiableCredential"],
        "id": f"urn:example:{number}",
        "issuer": node.told["made"]["did"],
        "name": "Sample",
        "credentialSubject": {"name": "Demo Learner"},
    }
    return client.post(
        f"{node.url}/issuers/dev/credentials/issue",
        json={"credential": credential},
        headers={**node.key, "Idempotency-Key": f"key-of-request-{number}", **headers},
    )


CLIENTS = 4
ENOUGH = 12
"""Answers after which the node is told to stop."""


def stored(folder, data="data"):
    """The bodies of all credentials in a node's database."""
    with closing(sqlite3.connect(folder / data / "glejt.sqlite3")) as database:
        return [parse_object(body) for (body,) in database.execute("SELECT secured FROM credentials")]


class Load:
    """Clients that have credentials issued until nobody answers; what they were told."""

    def __init__(self, node):
        self.node = node
        self.issued, self.refused, self.broken = [], [], 0
        self.numbers = iter(range(1, 100_000))
        self.enough = threading.Event()
        self.threads = [threading.Thread(target=self.ask, daemon=True) for _ in range(CLIENTS)]
        for thread in self.threads:
            thread.start()

    def ask(self):
        with httpx2.Client(timeout=30) as client:
            while True:
                try:
                    answer = issue(client, self.node, next(self.numbers))
                except httpx2.ConnectError:
                    return
                except httpx2.HTTPError:
                    self.broken += 1
                    return
                if answer.status_code == 201:
                    self.issued.append(answer.json()["verifiableCredential"])
                else:
                    self.refused.append(answer.status_code)
                if len(self.issued) >= ENOUGH:
                    self.enough.set()

    def end(self):
        for thread in self.threads:
            thread.join(60)
