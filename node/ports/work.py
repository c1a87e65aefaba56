"""What the node does in the background: the kinds of tasks in the outbox, what each carries, and how to wait for them.

A task is added in the same unit of work as the change that asks for it, and `Nudge.wake` is called once that is stored:

    await store.change(organisation, revoke_and_add(publish_list(list_id, now)))
    services.work.wake()
    await services.work.published(list_id, services.now())
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol

from node.documents import JsonValue
from node.ports.identifiers import new_id
from node.ports.outbox import Task

HEADS_OPTION: Final = "heads"
"""The option of a signing profile that names the namespace in which its status lists have heads: eip155:…#0x…"""


class Kind(StrEnum):
    """What there is to do, with the payload of such a task. A task may be done twice; the second time changes nothing.

    Whoever adds a kind names it here, and the use case for it where the worker is put together.
    """

    PUBLISH_LIST = "status.publish"
    """`list`. Render it from its rows, sign, and publish; its head follows where its profile promises heads."""
    SEAL_LIST = "status.seal"
    """`list`. Publish the last version, which counts for good."""
    SET_HEAD = "status.head"
    """`list`. Have the published version stand on the chain as the one that counts."""
    OPEN_NAMESPACE = "namespace.open"
    """`namespace`, and what it was founded with, in hexadecimal: `authority`, `recovery`, `salt`."""
    ANCHOR_BATCH = "anchor.batch"
    """`namespace`. Anchor what is wanted in it, and signed ends of the log: batches, each authorised, then followed."""
    FOLLOW_BATCH = "anchor.follow"
    """`batch`. Bring its call to the chain until its anchor is final."""
    BRING_CALL = "chain.call"
    """`namespace`, `call`: an authorised call in hexadecimal, brought to the chain until it is final."""
    PUBLISH_REGISTER = "register.publish"
    """Nothing. Have the organisation's register say what is published now, and sign it."""
    MIRROR_LIST = "mirror.fetch"
    """`url`. Have a copy of a list of somebody else, and again some time later."""
    SEND_LETTERS = "didcomm.send"
    """`relation`. Send what waits for whoever is in it, where they have an address."""
    GO_ON_WITH = "didcomm.go_on"
    """`thread`. Do what was left to do in it, if whoever took its message did not."""
    ISSUE_AWARD = "award.issue"
    """`award`. Go on with an award that was begun or claimed, whose credential nobody has yet."""
    SEND_MAIL = "mail.send"
    """`link`. Write to its learner that it is there; what is in the letter is looked up when it is sent."""

    TELL_HOLDER = "notice.tell"
    """`notice`. Tell the holder of an award what became of it, where there is a way."""
    REVOKE_MANY = "award.revoke"
    """`withdrawal`. Go on with the withdrawal of many."""
    DELIVER_EVENT = "webhook.deliver"
    """`webhook`, `event` (its id) and `said`: what is sent to whoever has subscribed to it."""
    RUN = "run.go_on"
    """`run`. Go on with a run: many awards from one table."""
    RUN_CHECK = "run.check"
    """`run`. Judge the rows of its table, and sign nothing."""
    INVITE = "award.invite"
    """`awards`. Make a link for each that waits for its learner, and have it sent."""


class Nudge(Protocol):
    """The worker, as those see it who give it work."""

    def wake(self) -> None:
        """Look at the outbox now; does nothing where nothing is due. Other processes see it within a second."""

    async def published(self, list_id: str, after: datetime) -> bool:
        """Wait until a version of the list is published that was made later; False where that takes too long.

        `after` is a moment at which the change was stored already. Whoever gives up waiting stops nothing.
        """

    async def oldest_waiting(self) -> datetime | None:
        """Since when the task that waits longest has been due, of all organisations; None where none is."""


class Nobody:
    """A Nudge where nobody works: what is added waits for a process that does."""

    def wake(self) -> None:
        """Nobody hears it."""

    async def published(self, list_id: str, after: datetime) -> bool:  # noqa: ARG002 -- as the port has them
        """Nothing is published meanwhile."""
        return False

    async def oldest_waiting(self) -> datetime | None:
        """Not known."""
        return None


def publish_list(list_id: str, at: datetime) -> Task:
    """Have a list published; of several that wait for the same, one is kept."""
    return _task(Kind.PUBLISH_LIST, {"list": list_id}, at, once=list_id)


def seal_list(list_id: str, at: datetime) -> Task:
    """Have a list published for the last time."""
    return _task(Kind.SEAL_LIST, {"list": list_id}, at, once=list_id)


def publish_register(at: datetime) -> Task:
    """Have the organisation's register made anew; of several that wait, one is kept."""
    return _task(Kind.PUBLISH_REGISTER, {}, at, once="register")


def set_head(list_id: str, at: datetime) -> Task:
    """Have the head of a list's published version set."""
    return _task(Kind.SET_HEAD, {"list": list_id}, at, once=list_id)


def anchor_batch(namespace: str, at: datetime) -> Task:
    """Have what is wanted in a namespace anchored from then on; what is wanted meanwhile goes along."""
    return _task(Kind.ANCHOR_BATCH, {"namespace": namespace}, at, once=namespace)


def follow_batch(batch: str, at: datetime) -> Task:
    """Have a batch brought to the chain."""
    return _task(Kind.FOLLOW_BATCH, {"batch": batch}, at, once=batch)


def open_namespace(namespace: str, authority: bytes, recovery: bytes, salt: bytes, at: datetime) -> Task:
    """Have a namespace opened, with what it was founded with."""
    founding = {"authority": authority.hex(), "recovery": recovery.hex(), "salt": salt.hex()}
    return _task(Kind.OPEN_NAMESPACE, {"namespace": namespace, **founding}, at, once=namespace)


def bring_call(namespace: str, call: bytes, at: datetime) -> Task:
    """Have a call brought to the chain that its authority has signed; `call` as `AuthorizedCall.encode` has it."""
    return _task(Kind.BRING_CALL, {"namespace": namespace, "call": call.hex()}, at)


def issue_award(award: str, at: datetime) -> Task:
    """Have an award gone on with, where whoever began it is gone by then."""
    return _task(Kind.ISSUE_AWARD, {"award": award}, at, once=award)


def send_mail(link: str, at: datetime) -> Task:
    """Have the letter with a private link written and sent."""
    return _task(Kind.SEND_MAIL, {"link": link}, at, once=link)


def go_on(run: str, at: datetime) -> Task:
    """Have a run gone on with; of several that wait for the same, one is kept."""
    return _task(Kind.RUN, {"run": run}, at, once=run)


def check_run(run: str, at: datetime) -> Task:
    """Have the rows of a run's table judged."""
    return _task(Kind.RUN_CHECK, {"run": run}, at, once=run)


def invite(awards: Sequence[str], at: datetime) -> Task:
    """Have links made for awards that wait for their learners."""
    return _task(Kind.INVITE, {"awards": list(awards)}, at)


def mirror_list(url: str, at: datetime) -> Task:
    """Have a list of somebody else fetched."""
    return _task(Kind.MIRROR_LIST, {"url": url}, at, once=url)


def tell_holder(notice: str, at: datetime) -> Task:
    """Have the holder of an award told."""
    return _task(Kind.TELL_HOLDER, {"notice": notice}, at)


def revoke_many(withdrawal: str, at: datetime) -> Task:
    """Have the withdrawal of many gone on with."""
    return _task(Kind.REVOKE_MANY, {"withdrawal": withdrawal}, at, once=withdrawal)


def deliver_event(webhook: str, event: str, said: Mapping[str, JsonValue], at: datetime) -> Task:
    """Have a subscriber told of an event; its id is the same however often that takes."""
    return _task(Kind.DELIVER_EVENT, {"webhook": webhook, "event": event, "said": dict(said)}, at)


def send_letters(relation: str, at: datetime) -> Task:
    """Have what waits in a relation sent, named by our identifier in it; of several that wait, one is kept."""
    return _task(Kind.SEND_LETTERS, {"relation": relation}, at, once=relation)


def go_on_with(thread: str, at: datetime) -> Task:
    """Have a thread gone on with, by what it is kept under."""
    return _task(Kind.GO_ON_WITH, {"thread": thread}, at, once=thread)


def _task(kind: Kind, payload: Mapping[str, JsonValue], at: datetime, *, once: str | None = None) -> Task:
    return Task(new_id(), kind, payload, at, None if once is None else f"{kind} {once}")
