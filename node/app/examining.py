"""What is in order with a node, and what is not, each with its mend; nothing is made or changed by looking.

The node that runs is asked for what only it can see. Where none runs, its database is opened without touching it.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

import httpx2

from anchoring.errors import AnchoringError
from node.adapters.database.engine import file_of
from node.adapters.database.engine import opened as opened_database
from node.adapters.database.migration import known_revisions, revision_of
from node.adapters.database.store import DatabaseStore
from node.adapters.fetch import tls_of_the_system
from node.adapters.node_folder import NodeFolder
from node.app.dangers import danger_of_the_database, dangers_of
from node.app.errors import Danger, StartError
from node.app.mailing import mail_of
from node.app.master_keys import current_sealed, require_openable
from node.app.node_chain import EMBEDDED, NONE, NodeChain, chain_of
from node.app.opening import Errand, OpenNode
from node.app.rules import policies_of, trust_of
from node.app.secret_settings import address_of
from node.config.node_settings import NodeSettings
from node.documents import JsonObject, JsonValue
from node.issuance.status_lists import LIFETIME
from node.ports.errors import StoreError, VaultError
from node.ports.mail import MailError
from node.verification.errors import TrustError

LEAST_FREE: Final = 512 * 1024 * 1024
"""Room for some weeks of a busy node, and for SQLite to fold its log in."""
CHAIN_SECONDS: Final = 10.0
MAIL_SECONDS: Final = 10.0
ADDRESS_SECONDS: Final = 10.0
LEAST_BALANCE: Final = 10**15
"""A thousandth of the chain's coin: some transactions of ours on a cheap chain, and a warning on a dear one."""
AT_ONCE: Final = 100
_SOFT: Final = frozenset({"danger.folder", "danger.files"})
"""Dangers that are problems of a node that is only tried out, too."""


async def examined(settings: NodeSettings, environment: Mapping[str, str], now: datetime) -> list[JsonObject]:
    """What can be told of a node that does not run."""
    folder = NodeFolder(settings.data)
    found = [each async for each in _told(lambda: _outside(settings, folder, environment), "node_safety")]
    return [*found, *[each async for each in _told(lambda: _at_rest(settings, folder, now), "node_database")]]


async def examine_outside(
    settings: NodeSettings, environment: Mapping[str, str], master: JsonObject | None
) -> list[JsonObject]:
    """What can be told of a node that runs without asking it; `master` is its master key as `examine` told it."""
    folder = NodeFolder(settings.data)
    found = [each async for each in _told(lambda: _outside(settings, folder, environment), "node_safety")]
    if master is not None:
        found += [each async for each in _told(lambda: _master(master, settings, folder), "node_master_key")]
    return found if settings.public_url is None else [*found, await _reached(settings.public_url)]


async def examine(node: OpenNode, asked: JsonObject) -> JsonObject:
    """`examine`: what the node that runs can tell of itself.

    It has opened its master key once. Whether the next start will is for whoever asks to find out, by what is set
    then: so the key is told as it lies in the database.
    """
    del asked
    findings: list[JsonValue] = [
        {"name": "node_database", "values": {"kind": node.database.kind, "revision": known_revisions()[0]}}
    ]
    if (danger := await danger_of_the_database(node.database)) is not None:
        findings.append(_of_danger("node_database", danger))
    findings.append(await _chain(node.settings, node.chain))
    findings.append(await _mail(node.settings))
    findings += [each async for each in _stored(DatabaseStore(node.database), node.now())]
    return {"findings": findings, "masterKey": await current_sealed(node.database)}


async def _told(look: Callable[[], AsyncIterator[JsonObject]], name: str) -> AsyncIterator[JsonObject]:
    """What was found; what keeps somebody from looking further is found, too."""
    try:
        async for each in look():
            yield each
    except (StartError, StoreError, VaultError, TrustError) as error:
        yield _problem(name, error)


async def _outside(
    settings: NodeSettings, folder: NodeFolder, environment: Mapping[str, str]
) -> AsyncIterator[JsonObject]:
    """Folder, safety, rules, room."""
    dangers = dangers_of(settings, folder, address_of(settings, folder), environment)
    counting = [each for each in dangers if settings.production or each.code in _SOFT]
    for danger in counting:
        yield _of_danger("node_safety", danger)
    if not counting:
        yield {"name": "node_safety", "values": {"profile": settings.profile, "folder": str(folder.path)}}
    trust_of(settings)
    name, _ = policies_of(settings)
    yield {"name": "node_rules", "values": {"policy": name}}
    if folder.path.is_dir():
        free = folder.free_bytes()
        if free < LEAST_FREE:
            yield _of_danger(
                "node_room",
                Danger(
                    "node.room",
                    f"{free // 2**20} MB are left where {folder.path} lies",
                    "Make room: a full disk refuses everything new.",
                ),
            )
        else:
            yield {"name": "node_room", "values": {"free": f"{free / 2**30:.1f} GB"}}


async def _at_rest(settings: NodeSettings, folder: NodeFolder, now: datetime) -> AsyncIterator[JsonObject]:
    """Database, keys, chain, lists, where nobody has them open."""
    address = address_of(settings, folder)
    file = file_of(address)
    if file is not None and not file.exists():
        yield {"name": "node_database", "words": "node_database_none", "values": {}}
        return
    async with opened_database(address, revision=None) as database:
        if (danger := await danger_of_the_database(database)) is not None:
            yield _of_danger("node_database", danger)
        async with database.reading() as connection:
            revision = await revision_of(connection)
        if revision is not None and revision not in known_revisions():
            newer = f"the database is of revision {revision}, which this version of glejt does not know"
            told = Danger("store.newer", newer, "Run the version of glejt that wrote it, or a later one.")
            yield _of_danger("node_database", told)
            return
        yield {"name": "node_database", "values": {"kind": database.kind, "revision": revision or "-"}}
        if revision != known_revisions()[0]:
            return  # it is brought to today's revision when the node starts
        if (master := await current_sealed(database)) is not None:
            async for each in _told(lambda: _master(master, settings, folder), "node_master_key"):
                yield each
        async with chain_of(settings, folder, trust_of(settings)) as chain:
            if settings.chain != EMBEDDED or chain.kept_here:
                yield await _chain(settings, chain)
        yield await _mail(settings)
        async for each in _stored(DatabaseStore(database), now):
            yield each


async def _master(master: JsonObject, settings: NodeSettings, folder: NodeFolder) -> AsyncIterator[JsonObject]:
    """Whether what is set now opens the master key."""
    await require_openable(master, settings, folder)
    yield {"name": "node_master_key", "values": {}}


async def _chain(settings: NodeSettings, chain: NodeChain) -> JsonObject:
    """Whether the chain answers, how high it is, and whether the account that pays can."""
    if settings.chain == NONE or not chain.is_there:
        return {"name": "node_chain", "words": "node_chain_none", "values": {}}
    try:
        async with asyncio.timeout(CHAIN_SECONDS):
            access = await chain.access()
            block = await access.reader.final_block()
            balance = None
            if access.gas is not None:
                async with access.nodes[0]() as endpoint:
                    balance = await endpoint.balance(access.gas.address)
    except (AnchoringError, TimeoutError) as error:
        told = Danger("node.chain", f"the chain does not answer: {error}", "Check its nodes in the trust file.")
        return _of_danger("node_chain", told)
    except StartError as error:
        return _problem("node_chain", error)
    if balance is not None and balance < LEAST_BALANCE:
        told = Danger("node.gas", "the account that pays has next to nothing", "Send it some coins of its chain.")
        return _of_danger("node_chain", told)
    seen: JsonObject = {"chain": settings.chain, "height": str(block.number)}
    if balance is None:
        return {"name": "node_chain", "words": "node_chain_free", "values": seen}
    return {"name": "node_chain", "values": {**seen, "balance": f"{balance / 10**18:.4f}"}}


async def _mail(settings: NodeSettings) -> JsonObject:
    """Whether the mail server speaks to this node, and in private; no letter is sent."""
    try:
        mail = mail_of(settings, settings.public_url)
        if mail is None:
            return {"name": "node_mail", "words": "node_mail_none", "values": {}}
        async with asyncio.timeout(MAIL_SECONDS):
            server = await mail.examine()
    except (MailError, StartError) as error:
        return _problem("node_mail", error)
    except TimeoutError:
        told = Danger("mail.unreachable", "the mail server does not answer", "Check mail_host and mail_port.")
        return _of_danger("node_mail", told)
    return {"name": "node_mail", "values": {"server": server, "address": mail.letterhead.address}}


async def _stored(store: DatabaseStore, now: datetime) -> AsyncIterator[JsonObject]:
    """Whether lists are fresh, and whether work was given up."""
    late, unreconciled, count, after = 0, 0, 0, ""
    async with store.node_view() as node:
        standing = await node.work.standing(now)
        organisations = []
        while page := await node.organisations.listed(after=after, limit=AT_ONCE):
            organisations += [each.id for each in page]
            after = page[-1].id
    for organisation in organisations:
        async with store.view(organisation) as view:
            for record in await view.status.lists():
                count += 1
                unreconciled += not record.reconciled
                published = record.published_at
                late += record.sealed_at is None and published is not None and now - published > LIFETIME
    yield _of_lists(late, unreconciled, count)
    if standing.dead:
        told = Danger(
            "node.work",
            f"{standing.dead} tasks were given up and wait for a person",
            "See the outbox of the organisation, mend what stood in the way, and have them tried again.",
        )
        yield _of_danger("node_work", told)
    else:
        yield {"name": "node_work", "values": {"waiting": str(standing.waiting)}}


def _of_lists(late: int, unreconciled: int, count: int) -> JsonObject:
    """What there is to say of status lists."""
    if unreconciled:
        told = Danger(
            "node.lists",
            f"{unreconciled} of {count} status lists come from a backup, and are not published",
            "Give each the version that was published last: POST /organisation/status-lists/{id}/reconcile",
        )
    elif late:
        told = Danger(
            "node.lists",
            f"{late} of {count} status lists have ended, so nobody can tell what is withdrawn",
            "Start the node, which publishes them; if it runs, see its log.",
        )
    else:
        return {"name": "node_lists", "values": {"count": str(count)}}
    return _of_danger("node_lists", told)


async def _reached(url: str) -> JsonObject:
    """Whether the address that stands in what is issued leads here."""
    try:
        async with httpx2.AsyncClient(timeout=ADDRESS_SECONDS, trust_env=False, verify=tls_of_the_system()) as client:
            answer = await client.get(f"{url}/health/live")
        if answer.status_code == httpx2.codes.OK:
            return {"name": "node_address", "values": {"url": url}}
        reason = f"it answers with {answer.status_code}"
    except httpx2.HTTPError as error:
        reason = str(error) or type(error).__name__
    told = Danger(
        "node.address",
        f"{url} does not lead to the node from here: {reason}",
        "Check the name, the certificate, and that your proxy passes requests on to the node.",
    )
    return _of_danger("node_address", told)


def _of_danger(name: str, danger: Danger) -> JsonObject:
    return {"name": name, "problem": {"code": danger.code, "message": danger.message, "remedy": danger.remedy}}


def _problem(name: str, error: Exception) -> JsonObject:
    code, remedy = getattr(error, "code", "program.failed"), getattr(error, "remedy", "")
    return {"name": name, "problem": {"code": str(code), "message": str(error), "remedy": str(remedy)}}


ERRANDS: Final[Mapping[str, Errand]] = MappingProxyType({"examine": examine})
