"""No organisation sees or changes anything of another: every method of every repository, with the other's own names."""

import dataclasses
import inspect

import pytest
import store_samples as samples
from sqlalchemy import select

from did_methods.multikey import KeyType, PrivateKey
from node.adapters.database.identifiers import new_id
from node.adapters.database.schema import METADATA
from node.ports.aftercare import Change, Notice
from node.ports.anchor_rows import BatchRecord, Leaf
from node.ports.awarding import Achievement, AwardQuery, AwardState, Standing
from node.ports.errors import StoreError
from node.ports.key_store import KeyNotHeldError
from node.ports.links import LinkKind
from node.ports.mail import Sender
from node.ports.organisations import ApiKey, Caps, ChainRecord, HostedDid, Member, Profile, Role, Settings
from node.ports.outbox import Task
from node.ports.oversight import Approval, Decision, Event, Request, SignedHead
from node.ports.publishing import RegisterFile, Statement
from node.ports.runs import Outcome, Page, RunState
from node.ports.status_rows import ListRecord
from node.ports.store import UnitOfWork
from node.ports.threads import Letter, RequestState
from node.ports.vault import KeyPurpose, KeyState, SealedKey

pytestmark = pytest.mark.threat(85)

NOW, HOUR, FORM = samples.NOW, samples.HOUR, samples.FORM
KEY_OF_A = "did:web:org-a.example#key-assertion"
PUBLIC = PrivateKey.generate(KeyType.ED25519).public.to_multibase()
LEAF = Leaf("org-a-award-1", FORM, "eip155:1:0x00#org-a", bytes(32), b"salt of b")

# What B calls each method with: names of A wherever there is one.
CALLS = {
    "members": {
        "find": ["org-a-owner"],
        "by_login": ["owner@org-a.example"],
        "listed": [],
        "add": [Member("org-a-owner", "owner@org-a.example", "B", frozenset({Role.OWNER}), NOW)],
        "change": ["org-a-other", frozenset({Role.OWNER})],
        "remove": ["org-a-other"],
    },
    "api_keys": {
        "listed": [],
        "add": [ApiKey("org-a-key", "org-a-pre", b"b", "B", frozenset(), "B", NOW, NOW + HOUR)],
        "revoke": ["org-a-key", NOW],
    },
    "settings": {"find": [], "keep": [Settings(frozenset({"b"})), NOW]},
    "keys": {
        "records": [],
        "add": [SealedKey(KEY_OF_A, KeyPurpose.ASSERTION, PUBLIC, KeyState.ACTIVE, 1, b"of b", NOW)],
        "retire": [KEY_OF_A, NOW],
        "spend": [KEY_OF_A, NOW, Caps(1, 1)],
    },
    "identities": {
        "did": ["did:web:org-a.example"],
        "dids": [],
        "profile": ["org-a-profile"],
        "profiles": [],
        "namespaces": [],
        "gas_accounts": [],
        "add_did": [HostedDid("did:web:org-a.example", NOW, NOW, b"of b")],
        "publish_did": (["did:web:org-a.example", b"of b", None, NOW], {"before": b"document org-a"}),
        "add_profile": [
            Profile("b-profile", "did:web:org-a.example", "did:web:org-a.example#key-assertion", FORM, NOW)
        ],
        "change_profile": (
            [Profile("org-a-profile", "did:web:org-b.example", "did:web:org-b.example#key-assertion", FORM, NOW)],
            {"before": "did:web:org-a.example#key-assertion"},
        ),
        "close_profile": ["org-a-profile"],
        "add_namespace": [ChainRecord("eip155:1:0x00#org-a", NOW, "did:web:org-a.example#key-authority")],
        "add_gas_account": [ChainRecord("eip155:1:org-a", NOW, "did:web:org-a.example#key-gas")],
    },
    "audit": {
        "entries": [],
        "head": [],
        "signed_heads": [],
        "record": [Event(NOW, "b", "made", "b", {})],
        "keep_head": [SignedHead(1, NOW, b"org-a", b"of b")],
    },
    "approvals": {
        "find": ["org-a-approval"],
        "waiting": [],
        "listed": [Decision.WAITING],
        "same": [b"org-a", "org-a-owner", NOW],
        "take_back": ["org-a-owner"],
        "forget": [NOW + HOUR],
        "ask": [Approval("org-a-approval", "revoke", {"of": "b"}, "b", NOW, NOW + HOUR)],
        "decide": (["org-a-approval", "b", NOW], {"grant": True}),
        "carry_out": (["org-a-approval", NOW], {"action": "revoke"}),
    },
    "requests": {
        "begin": [Request("org-a-request", b"b", {}, NOW)],
        "answer": ["org-a-request", {"of": "b"}],
        "forget": [NOW + HOUR],
    },
    "challenges": {
        "issue": ["org-a-challenge", "https://b.example", NOW],
        "consume": ["org-a-challenge", "https://org-a.example", NOW],
        "forget": [NOW + HOUR],
    },
    "achievements": {
        "find": ["org-a-course"],
        "listed": [],
        "count": [],
        "version": ["org-a-course"],
        "versions": ["org-a-course"],
        "add": [Achievement("org-a-course", {"name": "B"}, 1, NOW, NOW)],
        "save": (["org-a-course", {"name": "B"}, NOW], {"revision": 2}),
        "publish": (["org-a-course", b"of b", "b", NOW], {"revision": 2}),
        "withdraw": ["org-a-course", NOW],
    },
    "pictures": {
        "find": ["org-a-picture"],
        "image": ["org-a-picture"],
        "listed": [],
        "unpublished": [],
        "add": [samples.picture("org-a", digest="b-picture"), b"of b"],
        "publish": ["org-a-picture", NOW],
        "remove": ["org-a-picture"],
    },
    "catalogue": {
        "entry": ["org-a-course"],
        "put": [samples.entry("org-a", words=" of b ")],
        "offer": ["org-a-course", {"of": "b"}],
    },
    "statements": {
        "find": ["org-a-statement"],
        "listed": [],
        "add": [Statement("b-statement", "accreditation", "did:web:org-a.example", NOW, b"of b")],
        "remove": ["org-a-statement"],
    },
    "register": {
        "head": [],
        "versions": [],
        "pictures": [],
        "put": [samples.register_head("org-a", 2), [RegisterFile("org-a-file", "application/json", b"of b")]],
    },
    "awards": {
        "find": ["org-a-award-1"],
        "by_client_keys": [["row-1", "row-2"]],
        "search": [AwardQuery(words="demo learner")],
        "count": [AwardQuery(words="demo learner")],
        "chosen": [AwardQuery(standing=Standing.GOOD)],
        "existing": [["org-a-award-1"]],
        "of_person": (["Demo Learner org-a", None], {"limit": 10}),
        "with_address": [["org-a-award-1"]],
        "replacing": ["org-a-award-1"],
        "lock": ["org-a-award-1"],
        "in_state": [AwardState.ISSUED],
        "credential": ["org-a-award-1", FORM],
        "credentials": ["org-a-award-1"],
        "signed": [["org-a-award-1"]],
        "of_credential": ["urn:org-a:1"],
        "intend": [[samples.award("org-a", 9, id="b-award", profile="org-b-profile", achievement="org-a-course")]],
        "secure": [[samples.secured("org-a", 2)], NOW],
        "change": ["org-a-award-2", AwardState.CANCELLED, NOW],
        "erase": [["org-a-award-1"]],
    },
    "runs": {
        "find": ["org-a-run"],
        "listed": [],
        "pages": ["org-a-run"],
        "add": [samples.run("org-a", name="of b")],
        "add_pages": ["org-a-run", [Page(7, 1, b"of b")]],
        "change": ["org-a-run", RunState.CANCELLED, NOW],
        "order": ["org-a-run", {"of": "b"}, NOW],
        "begin": ["org-a-run", NOW],
        "page_done": ["org-a-run", 0, Outcome(b"of b", 1), NOW],
        "note": ["org-a-run", "of b", NOW],
        "rewrite": ["org-a-run", 0, b"of b"],
        "remove": ["org-a-run"],
    },
    "links": {
        "find": ["org-a-link-1"],
        "of_award": ["org-a-award-1"],
        "unclaimed": ([NOW - HOUR, NOW + 10_000 * HOUR], {"limit": 10}),
        "put": [samples.link("org-a", 9, id="b-link", digest=b"of b")],
        "accept": ([b"digest 1 org-a", NOW], {"again": None, "holder": None}),
        "end": ["org-a-award-1", [LinkKind.CLAIM], NOW],
        "forget": [NOW + HOUR],
    },
    "senders": {"find": [], "keep": [Sender("desk@b.example", "B", None, "en"), NOW]},
    "status": {
        "find": ["org-a-list"],
        "lists": [],
        "entries_of": ["org-a-award-1"],
        "standings": [["org-a-award-1"]],
        "revoke": [["org-a-award-1"], NOW, "by b"],
        "values": ["org-a-list"],
        "places": ["org-a-list"],
        "published": ["org-a-list"],
        "add": [ListRecord("b-list", "https://org-a.example/status/1", "org-a-profile", "revocation")],
        "allocate": ["org-a-list", ["org-a-award-2"]],
        "spread": ["org-a-list", ["org-a-award-2"]],
        "set_value": ["org-a-list", 0, 1, NOW, "by b"],
        "publish": (["org-a-list", b"of b", NOW], {"version": 1}),
        "seal": ["org-a-list", NOW],
        "reconcile": ["org-a-list", {1: 1}, NOW],
    },
    "notices": {
        "find": ["org-a-notice"],
        "of_award": ["org-a-award-1"],
        "waiting": [],
        "add": [[Notice("b-notice", "org-a-award-1", Change.REVOKED, "error", "of b", NOW)]],
        "told": ["org-a-notice", "b", NOW],
    },
    "withdrawals": {
        "find": ["org-a-withdrawal"],
        "listed": [],
        "add": [samples.withdrawal("org-a", actor="b")],
        "save": [samples.withdrawal("org-a", changed=1)],
    },
    "webhooks": {
        "find": ["org-a-webhook"],
        "listed": [],
        "wanting": ["award.issued"],
        "add": [samples.webhook("org-a", key="did:web:org-a.example#key-webhook")],
        "save": [samples.webhook("org-a", key="did:web:org-b.example#key-webhook")],
        "remove": ["org-a-webhook"],
        "delivered": ["org-a-webhook", NOW],
        "failed": ["org-a-webhook", "by b", NOW],
    },
    "mirrors": {
        "listed": [],
        "find": ["https://lists.org-a.example/1"],
        "add": ["https://lists.org-a.example/1", NOW],
        "remove": ["https://lists.org-a.example/1"],
        "keep": ["https://lists.org-a.example/1", "00", b"of b", NOW],
        "failed": ["https://lists.org-a.example/1", "by b", NOW],
    },
    "anchors": {
        "batch": ["org-a-batch"],
        "unfinished": [],
        "leaves": ["org-a-batch"],
        "leaf": ["org-a-award-1", FORM],
        "want": [[LEAF]],
        "open": ([BatchRecord("b-batch", "eip155:1:0x00#org-a", NOW, NOW, bytes(32))], {"limit": 10}),
        "submit": ["org-a-batch", bytes(32), bytes(32), [LEAF], NOW],
        "finish": ["org-a-batch", b"of b", NOW],
        "refuse": ["org-a-batch", NOW],
        "keep": ["org-a-batch", [Leaf("org-a-award-1", FORM, "eip155:1:0x00#org-a", b"", b"", receipt=b"of b")]],
        "authorize": (["org-a-batch", b"call of b", NOW], {"before": b"call"}),
    },
    "outbox": {
        "waiting": [],
        "dead": [],
        "add": [[Task(new_id(), "mail", {"of": "b"}, NOW, once="org-a-once")]],
        "take_back": [Task(new_id(), "mail", {"of": "b"}, NOW, once="org-a-once")],
        "retry": ["org-a-task", NOW],
    },
    "threads": {
        "relation": ["did:example:org-a:1"],
        "thread": ["org-a-thread-1"],
        "threads_of": ["did:example:org-a:1"],
        "letters": ["did:example:org-a:1"],
        "request": ["org-a-request"],
        "requests": [],
        "handed": ["org-a-award-1"],
        "handed_in": ["did:example:org-a:1"],
        "to_tell": [],
        "offered": ["org-a-award-1"],
        "invite": [samples.relation("org-a", 9, ours="did:example:b:9", short="b")],
        "lock": ["did:example:org-a:1"],
        "take_up": ["did:example:org-a:1", "did:example:b", NOW],
        "keep": [samples.kept_thread("org-a", document=b"of b")],
        "post": [[Letter("b-letter", "did:example:org-a:1", b"of b", NOW, NOW + HOUR)]],
        "sent": [["org-a-letter"]],
        "ask": [samples.asked("org-a", id="b-request")],
        "progress": (["org-a-request", RequestState.ABANDONED, NOW], {"report": {"of": "b"}}),
        "hand": [samples.handed("org-a", credential="of b")],
        "tell": [samples.handed("org-a", receipt_told=True)],
        "due": [NOW + HOUR],
        "forget": [NOW + HOUR],
    },
    "mediation": {
        "recipients": ["did:example:org-a:1"],
        "waiting": ["did:example:org-a:1"],
        "deposits": (["did:example:org-a:1"], {"limit": 9, "max_bytes": 999}),
        "serve": ["did:example:org-a:1", "did:example:phone-of-org-b"],
        "leave": ["did:example:org-a:1", "did:example:phone-of-org-a"],
        "deposit": [samples.deposit("org-a", 9)],
        "received": ["did:example:org-a:1", ["org-a-deposit-1"]],
        "expire": [NOW + HOUR],
    },
}


def repositories():
    """Every repository of a unit of work, with its methods."""
    for field in dataclasses.fields(UnitOfWork):
        if field.name not in {"organisation", "closing"}:
            names = [name for name, _ in inspect.getmembers(field.type, inspect.isfunction) if not name.startswith("_")]
            yield field.name, names


def test_the_matrix_has_every_method_of_every_repository():
    assert {name: set(methods) for name, methods in repositories()} == {
        name: set(calls) for name, calls in CALLS.items()
    }


async def two(store, database):
    """A has everything; B the same, but none of A's names."""
    vault = await samples.make_vault(database)
    for organisation in (samples.A, samples.B):
        await samples.add_organisation(store, organisation)
        await samples.add_keys(
            vault, organisation, (KeyPurpose.ASSERTION, KeyPurpose.AUTHORITY, KeyPurpose.GAS, KeyPurpose.WEBHOOK)
        )
        await store.change(organisation, samples.add_everything)
    return vault


async def rows_of(database, organisation):
    found = {}
    async with database.reading() as connection:
        for table in METADATA.sorted_tables:
            column = table.c.get("organisation", table.c.id if table.name == "organisations" else None)
            if column is not None:
                rows = await connection.execute(select(table).where(column == organisation))
                found[table.name] = sorted(map(repr, rows))
    return found


async def test_whatever_b_does_with_the_names_of_a_it_sees_and_changes_nothing_of_a(store, database):
    await two(store, database)
    before = await rows_of(database, samples.A)
    assert all(before.values()), "the sample has a row in every table"
    for repository, calls in CALLS.items():
        for method, given in calls.items():
            arguments, named = given if isinstance(given, tuple) else (given, {})

            async def work(unit, repository=repository, method=method, arguments=arguments, named=named):
                answer = getattr(getattr(unit, repository), method)(*arguments, **named)
                return await answer if inspect.isawaitable(answer) else answer

            try:
                answer = await store.change(samples.B, work)
            except StoreError as error:
                answer = str(error)
            assert not seen_of_a(answer, arguments, named), f"{repository}.{method} told B {answer!r}"
            assert await rows_of(database, samples.A) == before, f"{repository}.{method} changed something of A"


def seen_of_a(answer, arguments, named):
    """Whether an answer says something of A that was not in the question."""
    asked = repr((arguments, named))
    return any(word not in asked for word in repr(answer).replace("'", " ").split() if "org-a" in word)


async def test_the_view_of_b_has_the_same_walls(store, database):
    await two(store, database)
    async with store.view(samples.B) as view:
        for repository, calls in CALLS.items():
            for method, given in calls.items():
                reader = getattr(getattr(view, repository, None), method, None)
                if reader is None:
                    continue
                arguments, named = given if isinstance(given, tuple) else (given, {})
                try:
                    answer = await reader(*arguments, **named)
                except StoreError as error:
                    answer = str(error)
                assert not seen_of_a(answer, arguments, named), f"{repository}.{method}"


async def test_keys_of_another_organisation_are_not_held(store, database):
    vault = await two(store, database)
    name = f"{samples.key_name(samples.A)}-assertion"
    keys = await vault.keys(samples.B, KeyPurpose.ASSERTION)
    with pytest.raises(KeyNotHeldError):
        await keys.sign(name, b"data")
    with pytest.raises(StoreError):
        await vault.private_key(samples.B, name, KeyPurpose.ASSERTION)
    with pytest.raises(StoreError):
        await vault.retire(samples.B, name, NOW)
    assert all(samples.B in record.id for record in await vault.records(samples.B))
