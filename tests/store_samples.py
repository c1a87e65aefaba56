"""An organisation with something in every table, by names that say whose they are."""

from datetime import UTC, datetime, timedelta

from did_methods.multikey import KeyType, PrivateKey
from node.adapters.database.identifiers import new_id
from node.adapters.database.key_rows import MasterKeyRows
from node.adapters.database.vault import DatabaseVault
from node.adapters.master_key import LocalMasterKey
from node.ports.aftercare import Change, Notice, Withdrawal
from node.ports.anchor_rows import BatchRecord, Leaf
from node.ports.awarding import Achievement, Award, Secured
from node.ports.links import Link, LinkKind
from node.ports.mail import Sender
from node.ports.organisations import (
    ApiKey,
    Caps,
    ChainRecord,
    HostedDid,
    Member,
    Organisation,
    OrganisationId,
    Profile,
    Role,
    Settings,
)
from node.ports.outbox import Task
from node.ports.oversight import Approval, Event, Request, SignedHead
from node.ports.publishing import Entry, Picture, RegisterFile, RegisterHead, Statement
from node.ports.runs import Page, Run, RunState
from node.ports.status_rows import ListRecord
from node.ports.threads import (
    Deposit,
    Handed,
    KeptThread,
    Letter,
    PresentationRequest,
    Purpose,
    Relation,
    RequestState,
)
from node.ports.vault import KeyPurpose
from node.ports.webhooks import Webhook

NOW = datetime(2026, 9, 1, 12, 0, 0, 123456, tzinfo=UTC)
HOUR = timedelta(hours=1)
FORM = "eddsa-rdfc-2022"
A, B = OrganisationId("org-a"), OrganisationId("org-b")


def key_name(tag):
    return f"did:web:{tag}.example#key"


async def add_organisation(store, tag="org-a"):
    """An organisation without anything."""
    organisation = OrganisationId(tag)
    await store.node_change(lambda node: node.organisations.add(Organisation(organisation, f"Sample {tag}", NOW)))
    return organisation


async def make_vault(database):
    """A vault under a master key that no passphrase seals, which would take its time."""
    master = LocalMasterKey.create("master")
    await database.transact(lambda connection: MasterKeyRows(connection).add(master.id, None, NOW))
    return DatabaseVault(database, {master.id: master})


async def add_keys(vault, organisation, purposes):
    """A key for each purpose."""
    for purpose in purposes:
        name = f"{key_name(organisation)}-{purpose}"
        await vault.take(organisation, name, purpose, PrivateKey.generate(KeyType.ED25519), NOW)


def award(tag, number=1, **changed):
    values = {
        "id": f"{tag}-award-{number}",
        "client_key": f"row-{number}",
        "achievement": f"{tag}-course",
        "version": 1,
        "profile": f"{tag}-profile",
        "awarded_at": NOW,
        "name": f"Demo Learner {tag}",
        "email": f"learner@{tag}.example",
        "content": {"result": tag},
    }
    return Award(**values | changed)


def secured(tag, number=1, form=FORM):
    return Secured(f"{tag}-award-{number}", form, f"urn:{tag}:{number}", NOW, f"secured {tag} {number}".encode())


def status_list(tag, **changed):
    values = {
        "id": f"{tag}-list",
        "url": f"https://{tag}.example/status/1",
        "profile": f"{tag}-profile",
        "purpose": "revocation",
    }
    return ListRecord(**values | changed)


def withdrawal(tag, **changed):
    values = {
        "id": f"{tag}-withdrawal",
        "chosen": {"of": tag},
        "reason": "error",
        "words": f"Words of {tag}",
        "actor": f"member:{tag}-owner",
        "key": f"{tag}-key",
        "last": f"{tag}-award-2",
        "total": 2,
        "made_at": NOW,
    }
    return Withdrawal(**values | changed)


def webhook(tag, **changed):
    values = {
        "id": f"{tag}-webhook",
        "url": f"https://hooks.{tag}.example/",
        "events": frozenset({"award.issued"}),
        "key": f"{key_name(tag)}-webhook",
        "made_at": NOW,
    }
    return Webhook(**values | changed)


def run(tag, **changed):
    values = {
        "id": f"{tag}-run",
        "name": f"{tag}.csv",
        "digest": "00" * 32,
        "headings": ("name", tag),
        "key": f"{tag}-key",
        "member": f"{tag}-owner",
        "created_at": NOW,
        "changed_at": NOW,
    }
    return Run(**values | changed)


async def add_run(unit):
    """A run with two pages that nothing was done with."""
    tag = unit.organisation
    await unit.runs.add(run(tag))
    await unit.runs.add_pages(f"{tag}-run", [Page(number, 1, f"row {number} {tag}".encode()) for number in (0, 1)])
    await unit.runs.change(f"{tag}-run", RunState.READ, NOW)


async def add_profile(unit):
    """A DID and a profile, of a key that is there."""
    tag = unit.organisation
    did = f"did:web:{tag}.example"
    await unit.identities.add_did(HostedDid(did, NOW, NOW, f"document {tag}".encode(), f"log {tag}".encode()))
    await unit.identities.add_profile(
        Profile(f"{tag}-profile", did, f"{key_name(tag)}-assertion", FORM, NOW, {"owner": tag})
    )


async def add_course(unit):
    """An achievement, published once."""
    tag = unit.organisation
    await unit.achievements.add(Achievement(f"{tag}-course", {"name": tag}, 1, NOW, NOW))
    await unit.achievements.publish(f"{tag}-course", f"course {tag}".encode(), "owner", NOW, revision=1)


def picture(tag, **changed):
    values = {
        "digest": f"{tag}-picture",
        "media_type": "image/png",
        "width": 1,
        "height": 1,
        "size": 3,
        "added_at": NOW,
    }
    return Picture(**values | changed)


def entry(tag, **changed):
    values = {
        "organisation": tag,
        "achievement": f"{tag}-course",
        "version": 1,
        "credential_class": "achievement",
        "card": {"of": tag},
        "words": f" course {tag} ",
        "published_at": NOW,
    }
    return Entry(**values | changed)


def register_head(tag, number=1, at=NOW):
    return RegisterHead(number, tag.encode(), f"head {number} {tag}".encode(), at)


async def add_publications(unit):
    """What is published beside a course that is there."""
    tag = unit.organisation
    await unit.pictures.add(picture(tag), tag.encode())
    await unit.catalogue.put(entry(tag))
    await unit.statements.add(
        Statement(f"{tag}-statement", "accreditation", f"did:web:{tag}.example", NOW, tag.encode())
    )
    await unit.register.put(register_head(tag), [RegisterFile(f"{tag}-file", "application/json", tag.encode())])


def link(tag, number=1, **changed):
    values = {
        "id": f"{tag}-link-{number}",
        "award": f"{tag}-award-1",
        "kind": LinkKind.CLAIM,
        "digest": f"digest {number} {tag}".encode(),
        "made_at": NOW,
        "expires_at": NOW + HOUR,
        "address": f"other@{tag}.example",
    }
    return Link(**values | changed)


def relation(tag, number=1, **changed):
    """A relation that somebody took up."""
    given = {
        "ours": f"did:example:{tag}:{number}",
        "theirs": f"did:example:holder-of-{tag}",
        "purpose": Purpose.ISSUE,
        "invitation": f"{tag}-invitation-{number}",
        "short": f"{tag}-short-{number}",
        "message": {"of": tag},
        "context": {"of": tag},
        "made_at": NOW,
        "expires_at": NOW + HOUR,
    }
    return Relation(**{**given, **changed})


def kept_thread(tag, number=1, **changed):
    """A thread of that relation."""
    given = {
        "key": f"{tag}-thread-{number}",
        "ours": f"did:example:{tag}:1",
        "protocol": "https://didcomm.org/issue-credential/3.0",
        "role": "issuer",
        "state": "offer-sent",
        "thread": f"{tag}-thread-{number}",
        "final": False,
        "about": f"{tag}-award-1",
        "document": tag.encode(),
        "expires_at": NOW + HOUR,
        "changed_at": NOW,
    }
    return KeptThread(**{**given, **changed})


def asked(tag, **changed):
    """A request for a presentation."""
    given = {
        "id": f"{tag}-request",
        "ours": f"did:example:{tag}:1",
        "asked": {"of": tag},
        "state": RequestState.INVITED,
        "report": None,
        "made_by": f"{tag}-owner",
        "made_at": NOW,
        "changed_at": NOW,
        "expires_at": NOW + HOUR,
    }
    return PresentationRequest(**{**given, **changed})


def handed(tag, **changed):
    """A credential that was handed over."""
    given = {
        "award": f"{tag}-award-1",
        "ours": f"did:example:{tag}:1",
        "thread": f"{tag}-thread-1",
        "credential": f"urn:{tag}:1",
        "at": NOW,
    }
    return Handed(**{**given, **changed})


def deposit(tag, number=1, **changed):
    """A message that waits at a mediator."""
    given = {
        "id": f"{tag}-deposit-{number}",
        "ours": f"did:example:{tag}:1",
        "recipient": f"did:example:phone-of-{tag}",
        "data": tag.encode(),
        "received_at": NOW + timedelta(seconds=number),
        "expires_at": NOW + HOUR,
    }
    return Deposit(**{**given, **changed})


async def add_conversations(unit):
    """A relation with something of everything."""
    tag = unit.organisation
    ours = f"did:example:{tag}:1"
    await unit.threads.invite(relation(tag), about=f"{tag}-award-1")
    await unit.threads.keep(kept_thread(tag))
    await unit.threads.post([Letter(f"{tag}-letter", ours, tag.encode(), NOW, NOW + HOUR)])
    await unit.threads.ask(asked(tag))
    await unit.threads.hand(handed(tag))
    await unit.mediation.serve(ours, f"did:example:phone-of-{tag}")
    await unit.mediation.deposit(deposit(tag))


async def add_everything(unit):
    """Rows in every table of an organisation whose keys are there."""
    tag = unit.organisation
    await unit.members.add(Member(f"{tag}-owner", f"owner@{tag}.example", tag, frozenset({Role.OWNER}), NOW))
    await unit.members.add(Member(f"{tag}-other", f"other@{tag}.example", tag, frozenset({Role.AUDITOR}), NOW))
    await unit.api_keys.add(
        ApiKey(f"{tag}-key", f"{tag}-pre", tag.encode(), tag, frozenset({"issue"}), f"{tag}-owner", NOW, NOW + HOUR)
    )
    await unit.settings.keep(Settings(frozenset({tag})), NOW)
    await add_profile(unit)
    await unit.keys.spend(f"{key_name(tag)}-assertion", NOW, Caps(10, 10))
    await unit.audit.keep_head(SignedHead(1, NOW, tag.encode()))
    await unit.identities.add_namespace(ChainRecord(f"eip155:1:0x00#{tag}", NOW, f"{key_name(tag)}-authority"))
    await unit.identities.add_gas_account(ChainRecord(f"eip155:1:{tag}", NOW, f"{key_name(tag)}-gas"))
    await unit.approvals.ask(Approval(f"{tag}-approval", "revoke", {"of": tag}, f"{tag}-owner", NOW, NOW + HOUR))
    await unit.requests.begin(Request(f"{tag}-request", tag.encode(), {"of": tag}, NOW))
    await unit.challenges.issue(f"{tag}-challenge", f"https://{tag}.example", NOW)
    await add_course(unit)
    await add_publications(unit)
    await unit.awards.intend([award(tag, number) for number in (1, 2)])
    await unit.awards.secure([secured(tag)], NOW)
    await unit.links.put(link(tag))
    await unit.senders.keep(Sender(f"desk@{tag}.example", tag, None, "pl"), NOW)
    await add_run(unit)
    await unit.status.add(status_list(tag))
    await unit.status.allocate(f"{tag}-list", [f"{tag}-award-1"])
    await unit.notices.add([Notice(f"{tag}-notice", f"{tag}-award-1", Change.REVOKED, "error", f"Words of {tag}", NOW)])
    await unit.withdrawals.add(withdrawal(tag))
    if any(record.purpose is KeyPurpose.WEBHOOK for record in await unit.keys.records()):
        await unit.webhooks.add(webhook(tag))
    await unit.mirrors.add(f"https://lists.{tag}.example/1", NOW)
    await unit.mirrors.keep(f"https://lists.{tag}.example/1", f"digest of {tag}", f"copy {tag}".encode(), NOW)
    leaf = Leaf(f"{tag}-award-1", FORM, f"eip155:1:0x00#{tag}", bytes(32), tag.encode())
    await unit.anchors.want([leaf])
    await unit.anchors.open(BatchRecord(f"{tag}-batch", leaf.namespace, NOW, NOW, bytes(32)), limit=10)
    await unit.outbox.add([Task(new_id(), "mail", {"to": tag}, NOW, once=f"{tag}-once")])
    await add_conversations(unit)
    unit.audit.record(Event(NOW, f"{tag}-owner", "made", tag, {"what": tag}))
