"""Two agents of ACA-Py that issue to each other, as a peer of `didcomm_exchanges.py`: complete exchanges in a second.

Issuer and holder are processes of their own on this machine, with their wallets in askar on the same PostgreSQL, which
is their best setting: on SQLite they lose exchanges from sixteen at once on. Both answer by themselves, so an exchange
is one call to the issuer, offer, request, credential and acknowledgement, over one connection that was made before; no
ledger, no web hooks, no log but of errors. What is issued is a credential of JSON-LD, of the data model 1.1, with
Ed25519Signature2018, in contexts that ACA-Py brings. It has no invitation for each credential: it is spared that part.
"""

import asyncio
import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.parse import parse_qs, urlsplit

import psycopg
from node_http import Client
from psycopg import sql
from websockets.asyncio.client import ClientConnection, connect

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests")]

from database_support import fresh_database, postgresql_server  # noqa: E402 -- beside the tests

ACAPY = ROOT / ".venv-acapy" / "bin" / "aca-py"
READY_SECONDS = 120.0
LOST_SECONDS = 120.0
PAUSE_SECONDS = 0.05
MOST_TOLD = 2000
DONE = "done"
OK = 200
TICKS = os.sysconf("SC_CLK_TCK")
KEY = "a key of the bench, worth nothing"


@dataclass(frozen=True, slots=True)
class Peers:
    """What was found."""

    exchanges: int
    at_once: int
    a_second: float
    issuer_milliseconds: float
    holder_milliseconds: float
    median_milliseconds: float


@dataclass(frozen=True, slots=True)
class Agent:
    """One of them."""

    process: subprocess.Popen[bytes]
    port: int

    async def ask(self, path: str, asked: dict[str, Any] | None = None) -> dict[str, Any]:
        """What its administration interface answers."""
        client = await Client.connect(self.port)
        try:
            if asked is None:
                status, body = await client.get(path)
            else:
                status, body = await client.post(path, json.dumps(asked).encode(), KEY)
        finally:
            client.close()
        if status != OK:
            raise SystemExit(f"ACA-Py answered {path} with {status}: {body[:400].decode()}")
        return dict(json.loads(body))

    def seconds(self) -> float:
        """The processor's time that it took."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text("ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS


class Told:
    """Which exchanges have ended, as the issuer tells on a WebSocket: to be asked would cost it time."""

    def __init__(self) -> None:
        self._ended: dict[str, asyncio.Event] = {}

    async def of(self, exchange: str) -> None:
        """Wait until this one has."""
        await self._ended.setdefault(exchange, asyncio.Event()).wait()

    async def listen(self, line: ClientConnection) -> None:
        """Note what is told."""
        async for each in line:
            told = json.loads(each)
            payload = told.get("payload")
            if told.get("topic") == "issue_credential_v2_0" and payload.get("state") == DONE:
                self._ended.setdefault(payload["cred_ex_id"], asyncio.Event()).set()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def postgresql() -> Iterator[str]:
    """An empty database on a server that is started for it and listens on this machine."""
    with postgresql_server(free_port()) as server, fresh_database(server) as address:
        yield address


@asynccontextmanager
async def running(label: str, database: str, folder: Path) -> AsyncIterator[Agent]:
    """An agent, ready, with a wallet that was never there before: a database of its own, beside the one given."""
    name = f"{label}_{secrets.token_hex(6)}"
    inbound, admin = free_port(), free_port()
    arguments: list[str | Path] = [ACAPY, "start", "--label", label, "--no-ledger", "--log-level", "ERROR"]
    arguments += ["--inbound-transport", "http", "127.0.0.1", str(inbound), "--outbound-transport", "http"]
    arguments += ["--endpoint", f"http://127.0.0.1:{inbound}", "--admin", "127.0.0.1", str(admin)]
    arguments += ["--admin-insecure-mode", "--auto-provision", "--wallet-type", "askar", "--wallet-name", name]
    arguments += ["--wallet-key", KEY, "--auto-accept-invites", "--auto-accept-requests"]
    arguments += ["--auto-respond-credential-offer", "--auto-respond-credential-request", "--auto-store-credential"]
    parts = urlsplit(database)
    given = parse_qs(parts.query)  # of a server on a socket of files, too, which askar does not know
    config = {"url": parts.netloc.rpartition("@")[2] or f"127.0.0.1:{given['port'][0]}"}
    account, password = parts.username or "postgres", parts.password or "none"
    credentials = {"account": account, "password": password, "admin_account": account, "admin_password": password}
    arguments += ["--wallet-storage-type", "postgres_storage", "--wallet-storage-config", json.dumps(config)]
    arguments += ["--wallet-storage-creds", json.dumps(credentials)]
    with (folder / f"{label}.log").open("wb") as log:
        process = spawned(arguments, log, folder)
    try:
        agent = Agent(process, admin)
        await ready(agent)
        yield agent
    except SystemExit:
        with (folder / f"{label}.log").open("rb") as log:
            sys.stderr.write(log.read()[-MOST_TOLD:].decode("utf-8", "replace"))
        raise
    finally:
        process.kill()
        process.wait()
        with psycopg.connect(database, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def spawned(arguments: list[str | Path], log: IO[bytes], folder: Path) -> subprocess.Popen[bytes]:
    """The process of one, at home in a folder that is gone afterwards."""
    home = os.environ | {"HOME": str(folder)}
    return subprocess.Popen(arguments, stdout=log, stderr=log, cwd=folder, env=home)  # noqa: S603 -- pinned by us


async def ready(agent: Agent) -> None:
    """Wait until it answers."""
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until and agent.process.poll() is None:
        try:
            await agent.ask("/status/ready")
        except (OSError, asyncio.IncompleteReadError):
            await asyncio.sleep(PAUSE_SECONDS)
        else:
            return
    raise SystemExit("ACA-Py did not start")


async def connected(issuer: Agent, holder: Agent) -> str:
    """The issuer's connection to the holder."""
    asked = {"handshake_protocols": ["https://didcomm.org/didexchange/1.0"]}
    made = await issuer.ask("/out-of-band/create-invitation?auto_accept=true", asked)
    await holder.ask("/out-of-band/receive-invitation?auto_accept=true", made["invitation"])
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until:
        found = (await issuer.ask("/connections"))["results"]
        if found and found[0]["state"] in {"active", "completed"}:
            return str(found[0]["connection_id"])
        await asyncio.sleep(PAUSE_SECONDS)
    raise SystemExit("ACA-Py did not connect to itself")


async def exchanged(issuer: Agent, told: Told, connection: str, did: str, holder: str) -> float:
    """One exchange, from the call to the acknowledgement; how long it took."""
    credential = {
        "@context": ["https://www.w3.org/2018/credentials/v1"],
        "type": ["VerifiableCredential"],
        "issuer": did,
        "issuanceDate": "2026-01-01T00:00:00Z",
        "credentialSubject": {"id": holder},
    }
    options = {"proofType": "Ed25519Signature2018", "proofPurpose": "assertionMethod"}
    asked = {"connection_id": connection, "filter": {"ld_proof": {"credential": credential, "options": options}}}
    began = time.perf_counter()
    made = await issuer.ask("/issue-credential-2.0/send", asked)
    await asyncio.wait_for(told.of(str(made["cred_ex_id"])), LOST_SECONDS)
    return time.perf_counter() - began


async def peers(database: str, exchanges: int, at_once: int) -> Peers:
    """So many exchanges between two of them, so many at one time."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        issuer = await stack.enter_async_context(running("issuer", database, folder))
        holder = await stack.enter_async_context(running("holder", database, folder))
        connection = await connected(issuer, holder)
        told = Told()
        line = await stack.enter_async_context(connect(f"ws://127.0.0.1:{issuer.port}/ws", proxy=None))
        listens = asyncio.create_task(told.listen(line))
        stack.callback(listens.cancel)
        asked = {"method": "key", "options": {"key_type": "ed25519"}}
        did, to = [str((await each.ask("/wallet/did/create", asked))["result"]["did"]) for each in (issuer, holder)]
        await asyncio.gather(*[exchanged(issuer, told, connection, did, to) for _ in range(4)])
        numbers, times = iter(range(exchanges)), list[float]()

        async def work() -> None:
            for _ in numbers:
                times.append(await exchanged(issuer, told, connection, did, to))

        before, began = (issuer.seconds(), holder.seconds()), time.perf_counter()
        await asyncio.gather(*[work() for _ in range(at_once)])
        took = time.perf_counter() - began
        return Peers(
            exchanges,
            at_once,
            exchanges / took,
            1000 * (issuer.seconds() - before[0]) / exchanges,
            1000 * (holder.seconds() - before[1]) / exchanges,
            1000 * sorted(times)[len(times) // 2],
        )
