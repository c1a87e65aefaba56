"""Other calls in the background: opening namespaces, heads of status lists, and what somebody has signed already."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from anchoring.calls import AuthorizedCall
from anchoring.errors import InvalidError
from anchoring.facts import HeadOf, StateOf, StatusHead
from anchoring.heads import digest_of, list_id
from anchoring.ledger import CallProgress, CallState
from anchoring.operations import OpenNamespace, Outcome, SetHead, outcome, question_of
from node.issuance.background.batches import Anchoring, brought, named, record_of
from node.issuance.background.tasks import HopelessError, Later, member
from node.issuance.status_heads import following_version, head_of
from node.ports.chains import ChainSite
from node.ports.outbox import Claimed
from node.ports.work import HEADS_OPTION, bring_call, open_namespace, set_head


@dataclass(frozen=True, slots=True)
class Calling:
    """Brings single calls to chains."""

    anchoring: Anchoring
    now: Callable[[], datetime]
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def open_namespace(self, claimed: Claimed) -> Later | None:
        """Carry out OPEN_NAMESPACE. Whoever opened it, it stands open as its founder wanted."""
        namespace = member(claimed, "namespace")
        name = named(namespace)
        founding = [_bytes(claimed, part) for part in ("authority", "recovery", "salt")]
        try:
            opening = OpenNamespace(*founding)
        except InvalidError as error:
            raise _unreadable(error) from error
        if opening.namespace != name.namespace:
            raise HopelessError(
                "what the namespace was founded with does not lead to its name",
                code="work.payload",
                remedy="Order it again, with the file of the namespace.",
            )
        site = await self.anchoring.chains.site(claimed.organisation, name)
        if outcome(opening, await site.fact(question_of(opening))) is Outcome.DONE:
            return None
        progress = await brought(site, AuthorizedCall(opening), self.pause)
        if _settled(progress):
            return None
        authority, recovery, salt = founding
        return Later(open_namespace(namespace, authority, recovery, salt, self._soon(site)))

    async def bring(self, claimed: Claimed) -> Later | None:
        """Carry out BRING_CALL."""
        namespace, data = member(claimed, "namespace"), _bytes(claimed, "call")
        try:
            call = AuthorizedCall.decode(data)
        except InvalidError as error:
            raise _unreadable(error) from error
        site = await self.anchoring.chains.site(claimed.organisation, named(namespace))
        progress = await brought(site, call, self.pause)
        if _settled(progress):
            return None
        return Later(bring_call(namespace, data, self._soon(site)))

    async def set_head(self, claimed: Claimed) -> Later | None:
        """Carry out SET_HEAD for the version of a list that is published now.

        1. Where the chain has this version for the one that counts, nothing is left to do.
        2. One head of a list is under way at a time: numbers follow each other, and the next is known by the last.
        3. The authority signs, and the call is brought to the chain; until it is final, this is done again.
        """
        list_name, organisation = member(claimed, "list"), claimed.organisation
        async with self.anchoring.store.view(organisation) as view:
            record = await view.status.find(list_name)
            published = await view.status.published(list_name)
            profile = await view.identities.profile(record.profile)
            namespace = profile.options.get(HEADS_OPTION)
            if published is None or not isinstance(namespace, str):
                return None
            of_namespace = await record_of(view, namespace)
        name = named(namespace)
        site = await self.anchoring.chains.site(organisation, name)
        listed = list_id(record.url)
        head = await site.fact(HeadOf(name.namespace, listed))
        current = head if isinstance(head, StatusHead) else None
        if current is not None and current.digest == digest_of(published):  # 1.
            return None
        under_way = [
            call
            for call in await site.open_calls()
            if isinstance(call.operation, SetHead)
            and (call.operation.namespace, call.operation.list_id) == (name.namespace, listed)
        ]
        if under_way:  # 2.
            await brought(site, under_way[0], self.pause)
        else:  # 3.
            state = await site.fact(StateOf(name.namespace))
            era = getattr(state, "era", 0)
            version = following_version(current, era)
            operation = head_of(published, record.url, namespace=name.namespace, version=version, era=era)
            call = await self.anchoring.authorized(organisation, operation, name, of_namespace)
            await brought(site, call, self.pause)
        return Later(set_head(list_name, self._soon(site)))

    def _soon(self, site: ChainSite) -> datetime:
        return self.now() + timedelta(seconds=site.pause)


def _settled(progress: CallProgress) -> bool:
    """Whether a call was carried out for good; raises HopelessError where it never will be."""
    if progress.state is CallState.REFUSED:
        raise HopelessError(
            f"the contract will never take {type(progress.operation).__name__}: {progress.problem}",
            code="work.refused",
            remedy="Look how the record stands now, and order what is still wanted.",
        )
    return progress.state is CallState.FINALIZED


def _bytes(claimed: Claimed, name: str) -> bytes:
    try:
        return bytes.fromhex(member(claimed, name))
    except ValueError as error:
        raise _unreadable(error) from error


def _unreadable(error: Exception) -> HopelessError:
    return HopelessError(
        f"the task cannot be read: {str(error)[:160]}", code="work.payload", remedy="Order anew what it was for."
    )
