"""Row 46: who wants to be forgotten is, in every file of the database; of everybody else everything is as it was."""

import inspect
import os
import re
from contextlib import asynccontextmanager
from pathlib import Path

import psycopg
import pytest
from database_support import fresh_database, postgresql_server
from issuing_support import add_profile, credential, issue, set_status, verify, working_node
from node_support import NOW, A, B
from organisation_support import call, own_key
from sqlalchemy import select, text

from node.adapters.database.award_tables import LEAVES
from node.ports.organisations import ChainRecord

LONG_OTHERS = 999
OTHERS = LONG_OTHERS if os.environ.get("GLEJT_LONG") else 20
NAME = "Zzyzx Marker"
TRACES = (b"Zzyzx", b"zzyzx", b"zzyzx".hex().encode())
AWARDS = "/organisation/awards"


async def awarded(node, count=OTHERS):
    """Credentials of a profile that anchors, the first of them the marked one's; and its award."""
    namespace = f"eip155:31337:0x{'0c' * 20}#0x{'0a' * 32}"
    await node.store.change(A, lambda unit: unit.identities.add_namespace(ChainRecord(namespace, NOW)))
    did = await add_profile(node, status=["revocation"], anchor=namespace)
    marked = credential(did, 0, name=f"For {NAME}")
    marked["credentialSubject"] |= {"name": NAME}
    given = [marked, *(credential(did, number) for number in range(1, count + 1))]
    signed = [(await issue(node, each)).json()["verifiableCredential"] for each in given]
    (found,) = (await call(node, "GET", f"{AWARDS}?words=zzyzx", node.key("issuer"), 200))["awards"]
    return signed, found["id"]


def kept(folder):
    """All that the files of the database hold."""
    return b"".join(path.read_bytes() for path in sorted(Path(folder).glob("node.db*")))


@pytest.fixture(scope="session")
def postgresql():
    with postgresql_server() as server:
        yield server


@asynccontextmanager
async def on_sqlite(template, folder):
    async with working_node(folder, template=template) as node:

        async def purged():
            await node.database.purge()
            return kept(folder)

        yield node, lambda: kept(folder), purged


@asynccontextmanager
async def on_postgresql(server, folder):
    """Its own files: of the tables, what their pages hold; of the log, what a server keeps that archives nothing."""
    with fresh_database(server) as address:
        async with working_node(folder, address=address) as node:

            async def heap():
                async with node.database.reading() as connection:
                    data = Path(await connection.scalar(text("SHOW data_directory")))
                    number = await connection.scalar(
                        text("SELECT oid FROM pg_database WHERE datname = current_database()")
                    )
                with psycopg.connect(address, autocommit=True) as connection:
                    connection.execute("CHECKPOINT")
                return b"".join(path.read_bytes() for path in sorted((data / "base" / str(number)).glob("*")))

            async def purged():
                await node.database.purge()
                return await heap()

            yield node, heap, purged


ENGINES = {"sqlite": (on_sqlite, "node_template"), "postgresql": (on_postgresql, "postgresql")}


@pytest.fixture
def opening(request, tmp_path, engine):
    """A node on this engine, how its files are read, and how they are after what was erased was overwritten."""
    begin, needed = ENGINES[engine]
    return begin(request.getfixturevalue(needed), tmp_path)


async def came(value):
    return await value if inspect.isawaitable(value) else value


@pytest.mark.threat(46)
@pytest.mark.parametrize("engine", ENGINES)
async def test_who_is_erased_is_in_no_file_and_everybody_else_is_as_before(opening):
    """On PostgreSQL in no file of a table or an index; what its log keeps is for whoever runs it."""
    async with opening as (node, held_now, purged):
        signed, award = await awarded(node)
        assert (await set_status(node, signed[0]["id"], reason=f"{NAME} asked for it")).status_code == 200
        assert NAME.encode() in await came(held_now())
        assert (await node.client.delete(f"{AWARDS}/{award}", headers=node.key("owner"))).status_code == 204

        held = await purged()
        assert [trace for trace in TRACES if trace in held] == []
        assert signed[0]["proof"]["proofValue"].encode() not in held
        assert signed[1]["id"].encode() in held
        for path in ("", "/credential", "/receipt", "/capsule"):
            assert (await node.client.get(f"{AWARDS}/{award}{path}", headers=node.key("owner"))).status_code == 404
        async with node.database.reading() as connection:
            leaves = (await connection.execute(select(LEAVES.c.award))).scalars().all()
        assert len(leaves) == OTHERS, "the salts of the others"
        assert award not in leaves

        judged = [(await verify(node, each)).json()["verified"] for each in signed]
        assert judged == [False] + [True] * OTHERS, "the place keeps its value"
        assert (await set_status(node, signed[0]["id"], status=False)).status_code == 404
        assert (await set_status(node, signed[1]["id"])).status_code == 200
        async with node.store.view(A) as view:
            log = [entry.event for entry in await view.audit.entries(limit=10_000)]
        (event,) = [event for event in log if event.action == "award.erase"]
        assert (event.actor, event.subject) == ("member:org-a-owner", award)
        assert not re.search("zzyzx", repr(log), re.IGNORECASE)
        assert (await node.client.delete(f"{AWARDS}/{award}", headers=node.key("owner"))).status_code == 404


@pytest.mark.threat(46)
@pytest.mark.parametrize(
    ("role", "organisation", "status"),
    [("issuer", A, 403), ("auditor", A, 403), ("program", A, 403), ("owner", B, 404)],
)
async def test_who_does_not_manage_the_organisation_erases_nobody(tmp_path, node_template, role, organisation, status):
    async with working_node(tmp_path, template=node_template) as node:
        _, award = await awarded(node, 0)
        answer = await node.client.delete(f"{AWARDS}/{award}", headers=node.key(role, organisation))
        assert answer.status_code == status
        assert (await node.client.get(f"{AWARDS}/{award}", headers=node.key("owner"))).status_code == 200


@pytest.mark.threat(46, 82)
async def test_a_request_that_comes_once_more_after_all_brings_nobody_back(tmp_path, node_template):
    async with working_node(tmp_path, template=node_template) as node:
        did = await add_profile(node, status=["revocation"])
        key = {"Idempotency-Key": "the-same"}
        assert (await issue(node, credential(did), headers=key)).status_code == 201
        (found,) = (await call(node, "GET", AWARDS, node.key("issuer"), 200))["awards"]
        await call(node, "DELETE", f"{AWARDS}/{found['id']}", node.key("owner"), 204)
        for _ in range(2):
            answer = await issue(node, credential(did), headers=key)
            assert (answer.status_code, answer.json()["code"]) == (409, "award.erased")
        assert (await call(node, "GET", AWARDS, node.key("issuer"), 200))["awards"] == []
        assert (await issue(node, credential(did), headers={"Idempotency-Key": "another"})).status_code == 201


@pytest.mark.threat(46, 83)
async def test_where_a_change_of_status_takes_two_so_does_an_erasure(tmp_path, node_template):
    """Of what is erased nothing can be withdrawn any more."""
    async with working_node(tmp_path, template=node_template) as node:
        _, award = await awarded(node, 0)
        owner, issuer = (
            await own_key(node, "org-a-owner"),
            await own_key(node, "org-a-issuer", scopes=["approvals:decide", "organisation:read"]),
        )
        await call(node, "PUT", "/organisation/settings", owner, 200, secondPerson=["credentials.status"])
        asked = (await call(node, "DELETE", f"{AWARDS}/{award}", owner, 202))["approval"]
        assert (await node.client.get(f"{AWARDS}/{award}", headers=owner)).status_code == 200
        await call(node, "POST", f"/organisation/approvals/{asked}/decision", issuer, 200, grant=True)
        consent = owner | {"Glejt-Approval": asked}
        assert (await node.client.delete(f"{AWARDS}/{award}", headers=consent)).status_code == 204
        assert (await node.client.get(f"{AWARDS}/{award}", headers=owner)).status_code == 404
