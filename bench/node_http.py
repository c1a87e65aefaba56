"""A node over HTTP: how many credentials it verifies and issues in a second, each on the disk when it is told.

    python bench/node_http.py [--seconds N] [--clients N] [--json]

`glejt serve` runs in a process of its own with its judges beside it, on a database in a temporary folder with
`synchronous=FULL`; this process is the load. Every answer is looked at. `a second` is what the clients saw; `per core`
divides by the processor's time that the server and its judges took, so what else runs on the machine does not count.
At last the same clients send graphs that cost as much as they may, and the node is asked meanwhile whether it lives.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

GLEJT = Path(sys.executable).parent / "glejt"
BADGE = json.loads(Path(__file__).with_name("badge.json").read_text("utf-8"))
VERIFY = "verify"
TARGETS = {VERIFY: 400.0, "issue": 150.0}
ROUNDS = 3
"""Of which the middle one counts."""
LIVE_SECONDS = 0.1
"""Within which 99 of 100 questions whether the node lives are answered, beside poisoned graphs."""
LIVE_PAUSE = 0.02
TREES = ((4, 3), (8, 2), (12, 2), (2, 9))
KEYS = 12  # one key may ask 200 times a second
WARM_SECONDS = 2.0
PROFILE = "bench"
OK, CREATED, REFUSED = 200, 201, 400
ISSUE = f"/issuers/{PROFILE}/credentials/issue"


@dataclass(frozen=True, slots=True)
class Result:
    """One row."""

    name: str
    a_second: float
    per_core: float
    server_milliseconds: float
    judges_milliseconds: float
    median_milliseconds: float
    target: float | None

    @property
    def met(self) -> bool:
        """Whether the target is met, where there is one: by what a core verifies, and by what clients see issued."""
        return self.target is None or (self.per_core if self.name == VERIFY else self.a_second) >= self.target


@dataclass(frozen=True, slots=True)
class Pulse:
    """How long the node took to say that it lives, and how the graphs beside were answered, by status."""

    median_milliseconds: float
    p99_milliseconds: float
    times: int
    answered: dict[int, int]

    @property
    def met(self) -> bool:
        """Whether it lived."""
        return self.p99_milliseconds < LIVE_SECONDS * 1000 and self.answered.get(REFUSED, 0) > 0


class Client:
    """One connection that asks and waits."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def connect(cls, port: int) -> "Client":
        """A connection to the node."""
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def post(self, path: str, body: bytes, key: str) -> tuple[int, bytes]:
        """The status and the body of an answer."""
        return await self._ask(
            f"POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n",
            body,
        )

    async def get(self, path: str) -> tuple[int, bytes]:
        """The same of a page that anybody may read."""
        return await self._ask(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n", b"")

    async def _ask(self, head: str, body: bytes) -> tuple[int, bytes]:
        self._writer.write(head.encode() + body)
        told = await self._reader.readuntil(b"\r\n\r\n")
        length = next(
            int(line.partition(b":")[2]) for line in told.splitlines() if line.lower().startswith(b"content-length:")
        )
        return int(told[9:12]), await self._reader.readexactly(length)

    def close(self) -> None:
        """Hang up."""
        self._writer.close()


@dataclass(slots=True)
class Node:
    """A node that runs in another process."""

    process: subprocess.Popen[bytes]
    port: int
    key: str

    def seconds(self) -> tuple[float, float]:
        """The processor's time that the server and its children have taken so far."""
        return _seconds(self.process.pid), sum(map(_seconds, _children(self.process.pid)))


def _seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _children(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii")
    return [int(child) for child in text.split()]


def started(folder: Path) -> Node:
    """A node that was never there before, ready."""
    log = (folder / "log").open("wb")
    process = subprocess.Popen(  # noqa: S603 -- our own program
        [GLEJT, "serve", "--port", "0", "--data", folder / "node", "--json"], stdout=subprocess.PIPE, stderr=log
    )
    assert process.stdout is not None  # noqa: S101 -- it was asked for
    told = json.loads(process.stdout.readline())
    return Node(process, int(told["listens"].rpartition(":")[2]), told["made"]["key"])


async def keys_of(node: Node) -> list[str]:
    """Further keys."""
    client, found = await Client.connect(node.port), []
    for number in range(KEYS):
        asked = {"label": f"load {number}", "scopes": ["credentials:issue", "verify"], "days": 1}
        status, body = await client.post("/organisation/api-keys", json.dumps(asked).encode(), node.key)
        if status != CREATED:
            raise SystemExit(f"no key was made: {body.decode()}")
        found.append(json.loads(body)["key"])
    client.close()
    return found


async def made_profile(node: Node) -> str:
    """The DID of a new profile as it is when nobody says more: its credentials can be revoked."""
    client = await Client.connect(node.port)
    asked = {"id": PROFILE, "form": "eddsa-rdfc-2022", "keyType": "Ed25519", "options": {}}
    status, body = await client.post("/organisation/profiles", json.dumps(asked).encode(), node.key)
    client.close()
    if status != CREATED:
        raise SystemExit(f"no profile was made: {body.decode()}")
    return str(json.loads(body)["did"])


async def load(  # noqa: PLR0913 -- what is asked, of whom, and how often
    node: Node, *, path: str, body: Callable[[], bytes], keys: list[str], expected: int, clients: int, seconds: float
) -> list[float]:
    """How long each request took, of so many clients that ask one after another for so long."""
    times: list[float] = []
    end = time.perf_counter() + seconds

    async def ask(number: int) -> None:
        client, asked = await Client.connect(node.port), number
        while (began := time.perf_counter()) < end:
            asked += clients
            status, answer = await client.post(path, body(), keys[asked % len(keys)])
            if status != expected:
                raise SystemExit(f"{path} answered {status}: {answer[:400].decode()}")
            times.append(time.perf_counter() - began)
        client.close()

    await asyncio.gather(*map(ask, range(clients)))
    return times


async def middle(name: str, node: Node, asking: Mapping[str, Any], clients: int, seconds: float) -> Result:
    """The middle one of some rounds."""
    rounds = [await measured(name, node, asking, clients, seconds / ROUNDS) for _ in range(ROUNDS)]
    return sorted(rounds, key=lambda row: row.per_core)[ROUNDS // 2]


async def measured(name: str, node: Node, asking: Mapping[str, Any], clients: int, seconds: float) -> Result:
    """One row."""
    await load(node, **asking, clients=clients, seconds=WARM_SECONDS)
    before, began = node.seconds(), time.perf_counter()
    times = await load(node, **asking, clients=clients, seconds=seconds)
    took, after = time.perf_counter() - began, node.seconds()
    server, judges = (late - early for late, early in zip(after, before, strict=True))
    return Result(
        name,
        len(times) / took,
        len(times) / (server + judges),
        server / len(times) * 1000,
        judges / len(times) * 1000,
        sorted(times)[len(times) // 2] * 1000,
        TARGETS.get(name),
    )


def alike(width: int, depth: int) -> dict[str, Any]:
    """A tree of nodes without a name that look alike: who is who is found by trying."""
    node = {"type": ["Achievement"], "name": "x"}
    return {**node, "related": [alike(width, depth - 1) for _ in range(width)]} if depth else node


def poisoned(credential: dict[str, Any]) -> list[bytes]:
    """Credentials that cost as much as one may."""
    found = []
    for width, depth in TREES:
        spoilt = json.loads(json.dumps(credential))
        spoilt["credentialSubject"]["achievement"]["related"] = [alike(width, depth) for _ in range(width)]
        found.append(json.dumps({"verifiableCredential": spoilt}).encode())
    return found


async def beside_poison(node: Node, credential: dict[str, Any], keys: list[str], clients: int, seconds: float) -> Pulse:
    """How long the node took to say that it lives."""
    graphs, end = poisoned(credential), time.perf_counter() + seconds
    times, answered = [], Counter[int]()

    async def poison(number: int) -> None:
        client = await Client.connect(node.port)
        while time.perf_counter() < end:
            number += clients
            status, _ = await client.post("/credentials/verify", graphs[number % len(graphs)], keys[number % len(keys)])
            answered[status] += 1
        client.close()

    async def feel() -> None:
        client = await Client.connect(node.port)
        while (began := time.perf_counter()) < end:
            status, _ = await client.get("/health/live")
            if status != OK:
                raise SystemExit(f"/health/live answered {status}")
            times.append(time.perf_counter() - began)
            await asyncio.sleep(LIVE_PAUSE)
        client.close()

    await asyncio.gather(feel(), *map(poison, range(clients)))
    times.sort()
    return Pulse(times[len(times) // 2] * 1000, times[len(times) * 99 // 100] * 1000, len(times), dict(answered))


async def run(node: Node, clients: int, seconds: float) -> tuple[list[Result], Pulse]:
    """All rows, and the pulse."""
    keys, did, numbers = await keys_of(node), await made_profile(node), iter(range(10**9))
    document = {name: value for name, value in BADGE.items() if name not in {"proof", "credentialStatus", "id"}}
    issuer = document.get("issuer")
    document["issuer"] = {**issuer, "id": did} if isinstance(issuer, dict) else did

    def to_issue() -> bytes:
        return json.dumps({"credential": {**document, "id": f"urn:example:{next(numbers)}"}}).encode()

    client = await Client.connect(node.port)
    status, answer = await client.post(ISSUE, to_issue(), node.key)
    client.close()
    if status != CREATED:
        raise SystemExit(f"nothing was issued: {answer.decode()}")
    rows = []
    message = answer.rstrip()
    asking = {"path": "/credentials/verify", "body": lambda: message, "keys": keys, "expected": 200}
    rows.append(await middle(VERIFY, node, asking, clients, seconds))
    asking = {"path": ISSUE, "body": to_issue, "keys": keys, "expected": 201}
    rows.append(await middle("issue", node, asking, clients, seconds))
    rows.append(await measured("issue, one at a time", node, asking, 1, seconds / 2))
    credential = json.loads(answer)["verifiableCredential"]
    return rows, await beside_poison(node, credential, keys, clients, seconds)


def main() -> None:
    """Measure, and say whether the targets are met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        node = started(Path(folder))
        try:
            rows, pulse = asyncio.run(run(node, asked.clients, asked.seconds))
        finally:
            node.process.terminate()
            node.process.wait(30)
    if asked.json:
        print(json.dumps({"rows": [asdict(row) for row in rows], "pulse": asdict(pulse)}))
    else:
        print(
            f"{'':22}{'a second':>10}{'per core':>10}{'server ms':>11}{'judges ms':>11}{'median ms':>11}{'target':>8}"
        )
        for row in rows:
            target = "" if row.target is None else f"{row.target:.0f}"
            figures = f"{row.a_second:10.0f}{row.per_core:10.0f}{row.server_milliseconds:11.2f}"
            print(f"{row.name:22}{figures}{row.judges_milliseconds:11.2f}{row.median_milliseconds:11.1f}{target:>8}")
        beside = ", ".join(f"{count} answered {status}" for status, count in sorted(pulse.answered.items()))
        print(
            f"alive beside poisoned graphs ({beside}): median {pulse.median_milliseconds:.1f} ms, "
            f"99 of 100 within {pulse.p99_milliseconds:.1f} ms (target {LIVE_SECONDS * 1000:.0f})"
        )
    sys.exit(not (pulse.met and all(row.met for row in rows)))


if __name__ == "__main__":
    main()
