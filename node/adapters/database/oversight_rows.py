"""The audit log, second persons, requests that count once, challenges."""

import hashlib
import hmac
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Final

from sqlalchemy import RowMapping, bindparam, select, update

from node.adapters.database.bound import Bound, without_organisation
from node.adapters.database.tables import (
    APPROVALS,
    AUDIT_ENTRIES,
    AUDIT_HEADS,
    CHALLENGES,
    IDEMPOTENCY_KEYS,
    ORGANISATIONS,
)
from node.documents import JsonValue
from node.ports.errors import AbsentError, ConflictError, RuleError
from node.ports.oversight import CHALLENGE_LIFETIME, Approval, AuditEntry, Decision, Event, Request, SignedHead

_OWN: Final = ORGANISATIONS.c.id == bindparam("of")
_END: Final = select(ORGANISATIONS.c.audit_number, ORGANISATIONS.c.audit_head).where(_OWN)
# Rows that refer to the organisation hold its key, and no more is changed here than what is not its key: a lock of the
# whole row would have two units of work wait for each other.
_LOCKED_END: Final = _END.with_for_update(key_share=True)
_NEW_END: Final = update(ORGANISATIONS).where(_OWN)


class AuditRowsReader(Bound):
    """The log of one organisation."""

    __slots__ = ()

    async def entries(self, *, after: int = 0, limit: int = 1000) -> tuple[AuditEntry, ...]:
        """The entries after this number."""
        number = AUDIT_ENTRIES.c.number
        return tuple(
            map(_entry, await self.rows(self.select(AUDIT_ENTRIES, number > after).order_by(number).limit(limit)))
        )

    async def head(self) -> tuple[int, bytes]:
        """Number and digest of the last entry."""
        return await self._head(lock=False)

    async def signed_heads(self, *, limit: int = 100) -> tuple[SignedHead, ...]:
        """The ends that were signed, the latest first."""
        statement = self.select(AUDIT_HEADS).order_by(AUDIT_HEADS.c.number.desc()).limit(limit)
        return tuple(SignedHead(**without_organisation(row)) for row in await self.rows(statement))

    async def _head(self, *, lock: bool) -> tuple[int, bytes]:
        row = (await self.connection.execute(_LOCKED_END if lock else _END, {"of": self.organisation})).first()
        if row is None:
            raise AbsentError("organisation with this id")
        return row.audit_number, row.audit_head


@dataclass(frozen=True, slots=True)
class AuditRows(AuditRowsReader):
    """… and adding to it. The end of the log is held from `write` to the end of the transaction, and no longer."""

    _recorded: list[Event] = field(default_factory=list)

    def record(self, event: Event) -> None:
        """Add this at the end of the unit of work."""
        self._recorded.append(event)

    async def keep_head(self, head: SignedHead) -> None:
        """Keep a signed end, or the receipt of one that is there."""
        if await self.inserted(AUDIT_HEADS, asdict(head), "number"):
            return
        same = (AUDIT_HEADS.c.number == head.number, AUDIT_HEADS.c.signed == head.signed)
        if head.receipt is not None:
            await self.changed(self.update(AUDIT_HEADS, *same).values(receipt=head.receipt))

    async def write(self) -> None:
        """Add what was recorded; called once, last."""
        if not self._recorded:
            return
        number, head = await self._head(lock=True)
        rows = []
        for event in self._recorded:
            entry = AuditEntry.after(number, head, self.organisation, event)
            number, head = entry.number, entry.digest
            rows.append({"number": number, "previous": entry.previous, "digest": head, **asdict(event)})
        await self.insert(AUDIT_ENTRIES, *rows)
        end = {"of": self.organisation, "audit_number": number, "audit_head": head}
        await self.connection.execute(_NEW_END, end)


class ApprovalRowsReader(Bound):
    """What waits for a second person."""

    __slots__ = ()

    async def find(self, approval: str) -> Approval:
        """The request."""
        return await self._found(approval, lock=False)

    async def waiting(self) -> tuple[Approval, ...]:
        """Those that nobody has decided on."""
        statement = self.select(APPROVALS, APPROVALS.c.state == Decision.WAITING).order_by(APPROVALS.c.id)
        return tuple(map(_approval, await self.rows(statement)))

    async def listed(self, state: Decision, *, after: str = "", limit: int = 100) -> tuple[Approval, ...]:
        """Those in this state."""
        statement = self.select(APPROVALS, APPROVALS.c.state == state, APPROVALS.c.id > after)
        return tuple(map(_approval, await self.rows(statement.order_by(APPROVALS.c.id).limit(limit))))

    async def same(self, digest: bytes, asked_by: str, at: datetime) -> Approval | None:
        """What this person has asked for that is the same."""
        row = await self.row(
            APPROVALS,
            APPROVALS.c.digest == digest,
            APPROVALS.c.asked_by == asked_by,
            APPROVALS.c.state.in_([Decision.WAITING, Decision.GRANTED]),
            APPROVALS.c.expires_at > at,
        )
        return None if row is None else _approval(row)

    async def _found(self, approval: str, *, lock: bool) -> Approval:
        return _approval(
            await self.found("request for approval with this id", APPROVALS, APPROVALS.c.id == approval, lock=lock)
        )


class ApprovalRows(ApprovalRowsReader):
    """… and deciding on it."""

    __slots__ = ()

    async def ask(self, approval: Approval) -> None:
        """Take a new request; whatever it says of a decision is left out."""
        asked = replace(approval, state=Decision.WAITING, decided_by=None, decided_at=None)
        await self.insert(APPROVALS, asdict(asked))

    async def decide(self, approval: str, by: str, at: datetime, *, grant: bool) -> Approval:
        """Grant or refuse it."""
        asked = await self._found(approval, lock=True)
        _require(asked.state is Decision.WAITING, "it was decided on already", "approval.closed")
        _require(asked.asked_by != by, "whoever asked cannot be the second person", "approval.same_person")
        _require(at < asked.expires_at, "it is too old to be decided on", "approval.expired")
        state = Decision.GRANTED if grant else Decision.REFUSED
        return await self._keep(replace(asked, state=state, decided_by=by, decided_at=at))

    async def carry_out(self, approval: str, at: datetime, *, action: str) -> Approval:
        """Take a granted request to do it now."""
        asked = await self._found(approval, lock=True)
        _require(asked.state is Decision.GRANTED, f"it is {asked.state}, not granted", "approval.closed")
        _require(asked.action == action, "it was granted for something else", "approval.other")
        _require(at < asked.expires_at, "it was granted too long ago", "approval.expired")
        return await self._keep(replace(asked, state=Decision.DONE))

    async def take_back(self, by: str) -> int:
        """Refuse what this member has granted."""
        own = (APPROVALS.c.state == Decision.GRANTED, APPROVALS.c.decided_by == by)
        return await self.changed(self.update(APPROVALS, *own).values(state=Decision.REFUSED, payload={}))

    async def forget(self, before: datetime) -> int:
        """Drop those that were over by then."""
        return await self.changed(self.delete(APPROVALS, APPROVALS.c.expires_at <= before))

    async def _keep(self, approval: Approval) -> Approval:
        statement = self.update(APPROVALS, APPROVALS.c.id == approval.id)
        values = {"state": approval.state, "decided_by": approval.decided_by, "decided_at": approval.decided_at}
        # What is over needs no payload any more, which may name learners; the digest still says what it was.
        over: dict[str, JsonValue] = {} if approval.state is Decision.GRANTED else {"payload": {}}
        await self.changed(statement.values({**values, **over}))
        return approval


class RequestRows(Bound):
    """Requests that count once."""

    __slots__ = ()

    async def begin(self, request: Request) -> Request:
        """The request as it stands."""
        if await self.inserted(IDEMPOTENCY_KEYS, asdict(request), "key"):
            return request
        row = await self.found("request with this key", IDEMPOTENCY_KEYS, key=request.key)
        if not hmac.compare_digest(row["digest"], request.digest):
            raise ConflictError(
                "this key was used for another request",
                code="idempotency.other_request",
                remedy="Use a new key for each new request, and the same one only to repeat it unchanged.",
            )
        return Request(**without_organisation(row))

    async def answer(self, key: str, answer: JsonValue) -> None:
        """Keep what was answered."""
        if not await self.set(IDEMPOTENCY_KEYS, {"answer": answer}, key=key):
            raise AbsentError("request with this key")

    async def forget(self, before: datetime) -> int:
        """Drop those that came before."""
        return await self.changed(self.delete(IDEMPOTENCY_KEYS, IDEMPOTENCY_KEYS.c.created_at < before))


class ChallengeRows(Bound):
    """Challenges, by their digests: whoever reads the table could answer none."""

    __slots__ = ()

    async def issue(self, challenge: str, domain: str, at: datetime) -> datetime:
        """Take a challenge that was drawn."""
        until = at + CHALLENGE_LIFETIME
        await self.insert(CHALLENGES, {"digest": _digest(challenge), "domain": domain, "expires_at": until})
        return until

    async def consume(self, challenge: str, domain: str, at: datetime) -> bool:
        """Whether it was issued and is not over; it is gone then."""
        # One statement looks and removes: of many at once, one gets the row.
        statement = self.delete(
            CHALLENGES,
            CHALLENGES.c.digest == _digest(challenge),
            CHALLENGES.c.domain == domain,
            CHALLENGES.c.expires_at > at,
        ).returning(CHALLENGES.c.digest)
        return (await self.connection.execute(statement)).first() is not None

    async def forget(self, before: datetime) -> int:
        """Drop those that were over by then."""
        return await self.changed(self.delete(CHALLENGES, CHALLENGES.c.expires_at <= before))


def _digest(challenge: str) -> bytes:
    return hashlib.sha256(challenge.encode()).digest()


def _require(holds: bool, message: str, code: str) -> None:  # noqa: FBT001 -- the condition is the point
    if not holds:
        raise RuleError(message, code=code, remedy="Ask for it anew, and have another person decide within the time.")


def _entry(row: RowMapping) -> AuditEntry:
    event = Event(row["at"], row["actor"], row["action"], row["subject"], row["details"])
    return AuditEntry(row["number"], event, row["previous"], row["digest"])


def _approval(row: RowMapping) -> Approval:
    return Approval(**{**without_organisation(row), "state": Decision(row["state"])})
