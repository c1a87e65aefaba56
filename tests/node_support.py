"""A node in this process: its application over a database in a folder, two organisations, and a key for every role."""

import io
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
from fastapi import FastAPI
from judging_support import HereJudging
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from node.adapters.database.engine import Database, opened
from node.adapters.database.identifiers import new_id
from node.adapters.database.key_rows import MasterKeyRows
from node.adapters.database.store import DatabaseStore
from node.adapters.database.vault import DatabaseVault
from node.adapters.master_key import LocalMasterKey
from node.http.access import NODES_OWN, SCOPES_OF, Scope
from node.http.application import application
from node.http.limits import Limits, Rate
from node.http.services import Services
from node.http.telemetry import Telemetry
from node.ports.api_keys import make_api_key
from node.ports.errors import AbsentError
from node.ports.organisations import Member, Organisation, OrganisationId, Role
from node.ports.store import Store

NOW = datetime(2026, 9, 1, 12, 0, 0, tzinfo=UTC)
A, B = OrganisationId("org-a"), OrganisationId("org-b")
PUBLIC_URL = "https://node.example"
LIFETIME = timedelta(days=30)
ANY = Rate(1e6, 1_000_000)
WIDE = Limits(caller=ANY, address=ANY, wrong_key=ANY, key_known_seconds=0)
"""Limits that no test meets by chance."""


class Clock:
    """A clock that stands until it is moved, or goes on by a step each time it is read."""

    def __init__(self, at: datetime = NOW) -> None:
        self.at = at
        self.step = timedelta()

    def __call__(self) -> datetime:
        self.at += self.step
        return self.at

    def move(self, by: timedelta) -> None:
        self.at += by


@dataclass
class Node:
    """A running node, and what a test needs to know of it."""

    app: FastAPI
    services: Services
    database: Database
    store: DatabaseStore
    vault: DatabaseVault
    clock: Clock
    keys: dict[tuple[str, str], str]
    """The API keys, by organisation and role: owner, designer, issuer, auditor, program (issues only), and node."""
    client: httpx2.AsyncClient
    log: io.BytesIO
    traces: InMemorySpanExporter

    def lines(self) -> list[dict]:
        """What was logged so far."""
        return [json.loads(line) for line in self.log.getvalue().splitlines()]

    def key(self, role: str, organisation: str = A) -> dict[str, str]:
        """The header of a caller: `await node.client.get(path, headers=node.key("issuer"))`."""
        return {"Authorization": f"Bearer {self.keys[organisation, role]}"}


ROLE_SCOPES = {
    **{role.value: SCOPES_OF[role] for role in Role},
    "program": frozenset({Scope.CREDENTIALS_ISSUE}),
    "node": NODES_OWN,
}


async def migrated(address: str) -> None:
    """Make the tables."""
    async with opened(address):
        pass


async def add_organisation(store: Store, organisation: OrganisationId) -> dict[tuple[str, str], str]:
    """An organisation with a member in each role, and a key for each set of scopes."""
    await store.node_change(
        lambda node: node.organisations.add(Organisation(organisation, f"Sample {organisation}", NOW))
    )
    made = {
        role: make_api_key(
            f"{organisation}-{role}-key",
            label=f"key of the {role}",
            scopes=frozenset(scopes),
            made_by=f"{organisation}-{role}" if role in set(Role) else f"{organisation}-owner",
            at=NOW,
            lifetime=LIFETIME,
            member=f"{organisation}-{role}" if role in set(Role) else None,
        )
        for role, scopes in ROLE_SCOPES.items()
    }

    async def work(unit):
        for role in Role:
            login = f"{role}@{organisation}.example"
            await unit.members.add(
                Member(f"{organisation}-{role}", login, f"Sample {role.capitalize()}", frozenset({role}), NOW)
            )
        for key, _ in made.values():
            await unit.api_keys.add(key)

    await store.change(organisation, work)
    return {(organisation, role): secret.reveal().decode() for role, (_, secret) in made.items()}


async def make_vault(database: Database) -> DatabaseVault:
    """A vault under a master key that no passphrase seals, which would take its time."""
    master = LocalMasterKey.create(new_id())
    await database.transact(lambda connection: MasterKeyRows(connection).add(master.id, None, NOW))
    return DatabaseVault(database, {master.id: master})


def published_lists(store: Store):
    """What a verifier on this machine sees of the web: the node's own status lists."""

    async def fetch(url: str) -> bytes | None:
        try:
            async with store.node_view() as view:
                return await view.public.status_list(url)
        except AbsentError:
            return None

    return fetch


@asynccontextmanager
async def running_node(
    folder: Path,
    *,
    template: Path | None = None,
    address: str | None = None,
    make=application,
    limits=WIDE,
    **services_given,
) -> AsyncIterator[Node]:
    """A node on SQLite in the folder, or on the empty database at `address`; `make` makes the application."""
    if address is None:
        path = folder / "node.db"
        if template is not None:
            shutil.copy(template, path)
        address = f"sqlite:///{path}"
    async with opened(address, revision="head" if template is None else None) as database:
        store, vault, clock = DatabaseStore(database), await make_vault(database), Clock()
        keys = await add_organisation(store, A) | await add_organisation(store, B)
        log, traces, provider = io.BytesIO(), InMemorySpanExporter(), TracerProvider(shutdown_on_exit=False)
        provider.add_span_processor(SimpleSpanProcessor(traces))
        telemetry = Telemetry(now=clock, stream=log, tracer=provider.get_tracer("test"))
        services = Services(
            store=store,
            vault=vault,
            judges=HereJudging(fetch=published_lists(store), now=clock),
            now=clock,
            public_url=PUBLIC_URL,
            limits=limits,
            telemetry=telemetry,
            **services_given,
        )
        app = make(services)
        transport = httpx2.ASGITransport(app=app, raise_app_exceptions=True)
        async with httpx2.AsyncClient(transport=transport, base_url=PUBLIC_URL) as client:
            yield Node(app, services, database, store, vault, clock, keys, client, log, traces)
