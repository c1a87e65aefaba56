"""The heads of status lists: which version of a list counts, by the records that a signed credential promises them in.

A list proves who signed it, and not that none followed. A head does: at the end of a trusted block the issuer's own
record holds the digest of the one list that counts. So with a head the answer is as of that block, and whoever hands
over an older list, or keeps the newer one back, is noticed.

1. Only the records that the signed credential names count, and only those that are its issuer's: a head in anybody
   else's namespace, on another chain or in another contract says nothing, however fresh it is.
2. Each that is on a chain which the verifier knows has to agree: what one of them says cannot be hidden by showing
   only the other.
3. What the record holds is proven under a trusted block, and that it holds nothing likewise. That it held nothing
   before the credential was signed says nothing of it.
4. Heads are ordered by era, then version. One that comes before another that is proven or remembered was rolled back;
   two of the same order with different digests are a lie.
5. A head counts until its own end, and as long as the block that shows it is not older than the policy has it.

Spec: docs/adr/0014-a-namespace-outlives-its-keys.md, docs/concepts/which-list-counts.md
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from anchoring.facts import HeadOf, StatusHead
from anchoring.heads import list_id
from anchoring.receipt import Site
from node.credentials.credential import Credential
from node.credentials.errors import TimestampError
from node.credentials.record_name import RecordName
from node.credentials.timestamps import format_timestamp, parse_timestamp
from node.documents import JsonObject, JsonValue
from node.verification.anchors import Anchors
from node.verification.case import CLOCK_SKEW
from node.verification.check import Outcome
from node.verification.checks.status import FINAL
from node.verification.counting_list import Counting, HeadProblem, Offered, Refused
from node.verification.examination import ExaminedProof
from node.verification.keys import KeyRing
from node.verification.material_members import hex_text, whole
from node.verification.records import Known, Problem, Unknown, moment
from node.verification.seen import NOTHING_SEEN, SeenHead

ANCHORED: Final = "anchored"
"""The source of an answer by the list that a head names."""
ROLLED_BACK: Final = "status.rolled_back"
EQUIVOCATED: Final = "status.equivocated"
_CONNECT: Final = "Connect and check again; if the issuer is gone, the policy “archive” answers as of that day."
_UNKNOWN_CHAIN: Final = frozenset({Problem.UNKNOWN_NETWORK, Problem.TEST_NETWORK, Problem.OTHER_CONTRACT})
_MESSAGES: Final[dict[Problem, str]] = {
    Problem.TEST_NETWORK: "It promises anchored status lists on a network for tests, which proves nothing.",
    Problem.UNKNOWN_NETWORK: "It promises anchored status lists on a chain that your trust file does not know.",
    Problem.OTHER_CONTRACT: "It promises anchored status lists in another contract than your trust file expects.",
    Problem.UNPROVEN: "Which status list counts is anchored, and nothing at hand proves it. Connect and check again.",
    Problem.UNTRUSTED_BLOCK: (
        "The proof of which status list counts ends in a block that you have no reason to trust. Connect, or get a "
        "newer checkpoint."
    ),
}


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a list in one record, as of the end of a trusted block."""

    network: str
    fact: StatusHead
    as_of: datetime
    evidence: JsonObject


class StatusHeads:
    """The heads of the lists of one credential, over what is known of chains.

    `names` are the records that the credential names for them; without any, only what is remembered speaks. `issued`
    is when the credential was signed, as far as it says so.
    """

    __slots__ = ("_anchors", "_document", "_issued", "_issuer", "_names", "_ring")

    def __init__(  # noqa: PLR0913 -- what is known, and of what
        self,
        anchors: Anchors,
        ring: KeyRing,
        names: Sequence[RecordName],
        document: JsonObject,
        issuer: str | None,
        *,
        issued: datetime | None,
    ) -> None:
        self._anchors, self._ring, self._document = anchors, ring, document
        self._names, self._issuer, self._issued = tuple(names), issuer, issued

    def choose(  # noqa: PLR0911 -- one per answer
        self, url: str, copies: tuple[Offered | Refused, ...]
    ) -> Counting | HeadProblem | None:
        """Which copy of the list at this address counts, by its heads; None where the latest one does, if any.

        1. Without a promised head only one that is remembered speaks, and only against what comes before it.
        2. Where a list that is promised an anchor has none, no copy is asked for.
        3. The copy whose bytes the heads name; or what keeps that one from being read.
        4. The heads, and the list, count by the policy as of the time of judging.
        """
        offered = {place: copy for place, copy in enumerate(copies) if isinstance(copy, Offered)}
        latest = max(offered.values(), key=lambda copy: (copy.signed, copy.value), default=None)
        if not self._names:  # 1.
            return None if latest is None else self._rolled_back(url, latest)
        found = self.of(url)
        if isinstance(found, HeadProblem):  # 2.
            if latest is None and found.outcome is not Outcome.FAILED:
                return None  # the caller tells why no list is at hand
            return found if latest is None else _with_last_known(found, latest, latest.signed)
        if latest is None:
            return None
        place = _matching(found, offered)  # 3.
        if isinstance(place, HeadProblem):
            for copy in copies:
                if isinstance(copy, Refused) and any(copy.digest == head.fact.digest for head in found):
                    return _open(copy.code, copy.message, _told_by(found))
            return place
        evidence = _told_by(found)
        if problem := self._too_old(found, offered[place], evidence):  # 4.
            return _with_last_known(problem, offered[place], min(head.as_of for head in found))
        return Counting(place, evidence)

    def of(self, url: str) -> tuple[Head, ...] | HeadProblem:
        """The heads of the list at this address, one in each record that counts; or what is wrong."""
        wanted = list_id(url)
        found = [self._in_record(name, wanted) for name in self._names]
        known = [one for one in found if not isinstance(one, Unknown)]  # 2.
        if not known:
            name, told = next(zip(self._names, found, strict=True))
            problem = told.problem if isinstance(told, Unknown) else Problem.UNPROVEN
            return _open(f"status.head.{problem}", _MESSAGES[problem], self._told(name))
        problems = [one for one in known if isinstance(one, HeadProblem)]
        if problems:
            return min(problems, key=lambda one: (one.outcome is not Outcome.FAILED, one.code))
        return tuple([one for one in known if isinstance(one, Head)])

    def _rolled_back(self, url: str, offered: Offered) -> HeadProblem | None:
        """Whether a list without a promised head comes before one that is remembered of a record of its issuer's."""
        wanted = list_id(url)
        for seen in self._remembered():
            name = RecordName(seen.chain_id, seen.contract, seen.namespace)
            if seen.list_id != wanted or offered.digest == seen.digest or offered.signed >= moment(seen.time):
                continue
            if self._is_issuers(name, moment(seen.time)):
                return _rolled_back(moment(seen.time), self._told(name))
        return None

    def _in_record(self, name: RecordName, wanted: bytes) -> Head | HeadProblem | Unknown:
        """What one record holds.

        1. It is on a chain that the verifier knows.
        2. It is the issuer's: now, or when the head was set.
        3. The newest answer as of the time of judging is a head, and not one that others follow.
        """
        site = Site(name.chain_id, name.contract, name.namespace)
        told = self._told(name)
        answers = self._anchors.records.answers(site, HeadOf(name.namespace, wanted))
        if isinstance(answers, Unknown) and answers.problem in _UNKNOWN_CHAIN:  # 1.
            return answers
        proven = [] if isinstance(answers, Unknown) else list(self._in_time(answers))
        newest = proven[-1].fact if proven else None
        set_at = moment(newest.time) if isinstance(newest, StatusHead) else self._ring.at
        if not self._is_issuers(name, set_at):  # 2.
            message = "That the record of its status lists is its issuer's, nobody says whom you trust."
            return _open("status.head.namespace", message, told)
        if isinstance(answers, Unknown):
            return _open(f"status.head.{answers.problem}", _MESSAGES[answers.problem], told)
        if not proven:
            message = "Which status list counted at that time, nothing at hand proves."
            return _open("status.head.later", message, told)
        return self._newest(name, wanted, proven)  # 3.

    def _in_time(self, answers: Sequence[Known]) -> Iterator[Known]:
        """The answers that speak of the time of judging: of a block of then, or of a head that was there already."""
        latest = self._ring.at + CLOCK_SKEW
        for known in answers:
            if known.time <= latest or (isinstance(known.fact, StatusHead) and moment(known.fact.time) <= latest):
                yield known

    def _newest(self, name: RecordName, wanted: bytes, proven: Sequence[Known]) -> Head | HeadProblem:
        told, newest = self._told(name), proven[-1]
        heads = [known.fact for known in proven if isinstance(known.fact, StatusHead)]
        seen = [
            head
            for head in self._remembered()
            if (head.chain_id, head.contract, head.namespace, head.list_id)
            == (name.chain_id, name.contract, name.namespace, wanted)
        ]
        head = newest.fact
        if not isinstance(head, StatusHead):
            if heads:  # nothing is ever deleted
                return _equivocated(told)
            if seen:
                return _rolled_back(moment(seen[-1].time), told)
            return self._absent(newest, told)
        evidence: JsonObject = {**told, "heads": [_shown(name, wanted, head, newest)]}
        before: list[StatusHead | SeenHead] = [*heads, *seen]
        if any(one.order == head.order and one.digest != head.digest for one in before):
            return _equivocated(evidence)
        later = [one for one in before if one.order > head.order]
        if later:
            return _rolled_back(moment(max(later, key=lambda one: one.order).time), evidence)
        network = self._anchors.records.network(name.chain_id)
        return Head(network, head, min(newest.time, self._ring.at), evidence)

    def _absent(self, newest: Known, told: JsonObject) -> HeadProblem:
        age = self._ring.policy.head_age
        told = {**told, "asOf": format_timestamp(newest.time)}
        too_old = age is not None and self._ring.at - newest.time > age
        if too_old or (self._issued is not None and newest.time < self._issued):
            message = (
                f"The record is known as of {format_timestamp(newest.time)} only, and was empty then. Connect and "
                "check again."
            )
            return _open("status.head.stale", message, told)
        message = "It promises anchored status lists, and the record holds none for the list that it names."
        return HeadProblem(Outcome.FAILED, "status.no_anchored_list", message, told)

    def _too_old(self, heads: Sequence[Head], chosen: Offered, evidence: JsonObject) -> HeadProblem | None:
        """Why the list does not count any more by the policy: its own end, its head's, or the age of the block."""
        policy, at = self._ring.policy, self._ring.at
        end = min(moment(head.fact.valid_until) for head in heads)
        as_of = min(head.as_of for head in heads)
        ended = policy.head_age is not None and at - end > CLOCK_SKEW
        if ended or (chosen.ended and policy.status_age is not None):
            code = "status.head.ended" if ended else "status.list.ended"
            message = "The anchored list has ended, and nothing at hand shows a later one. " + _CONNECT
            return _open(code, message, evidence)
        if policy.head_age is not None and at - as_of > policy.head_age:
            message = f"Which list counts is known as of {format_timestamp(as_of)}, which is too long ago. " + _CONNECT
            return _open("status.head.stale", message, evidence)
        return None

    def _remembered(self) -> Iterator[SeenHead]:
        """What is remembered of this chain and of a time that is asked about."""
        ledgers = self._ring.material.ledgers
        for head in (ledgers.seen if ledgers else NOTHING_SEEN).heads:
            chain = self._ring.trust.chain(head.chain_id)
            here = chain is not None and chain.chain.genesis == head.genesis
            if here and moment(head.time) <= self._ring.at + CLOCK_SKEW:
                yield head

    def _is_issuers(self, name: RecordName, time: datetime) -> bool:
        if self._issuer is None:
            return False
        return self._anchors.is_issuers(name, self._issuer, min(time, self._ring.at), self._document)

    def _told(self, name: RecordName) -> JsonObject:
        return {"network": self._anchors.records.network(name.chain_id), "record": str(name.record)}


def _matching(heads: Sequence[Head], offered: Mapping[int, Offered]) -> int | HeadProblem:
    """Which of these copies, one at least, is the list that all heads name; or why none is.

    1. Each head names its list by the digest of the bytes.
    2. A list that was signed before the head was set comes before the one that it names. Any other is not known to
       count: it may be too new for the block, or by somebody who has the issuer's key and may not write its record.
    3. The issuer says one thing at a time: another list of the same date does not say another thing of the entry.
    """
    left = list(offered)
    for head in heads:  # 1.
        left = [place for place in left if offered[place].digest == head.fact.digest]
        if left:
            continue
        set_at = moment(head.fact.time)  # 2.
        if max(one.signed for one in offered.values()) < set_at:
            return _rolled_back(set_at, head.evidence)
        message = "The list at hand is not the one that the record names. Connect and check again, a while later."
        return _open("status.head.other", message, head.evidence)
    chosen = offered[left[0]]
    if any(one.signed == chosen.signed and one.value != chosen.value for one in offered.values()):  # 3.
        return _equivocated(_told_by(heads))
    return left[0]


def _told_by(heads: Sequence[Head]) -> JsonObject:
    """The evidence of an answer that heads lead to: as of the earliest of their blocks."""
    shown: list[JsonValue] = []
    for head in heads:
        listed = head.evidence["heads"]
        shown += listed if isinstance(listed, list) else []
    return {
        "network": heads[0].network,
        "source": FINAL if all(head.fact.sealed for head in heads) else ANCHORED,
        "time": format_timestamp(min(head.as_of for head in heads)),
        "heads": shown,
    }


def _with_last_known(problem: HeadProblem, copy: Offered, time: datetime) -> HeadProblem:
    """The problem, with what was known last, where that is good."""
    if copy.value or problem.outcome is Outcome.FAILED or problem.code == EQUIVOCATED:
        return problem
    return replace(problem, evidence={**problem.evidence, "last_known": format_timestamp(time)})


def issued_at(credential: Credential, proofs: Sequence[ExaminedProof]) -> datetime | None:
    """When a credential was signed, by its own word: the latest date that it or a proof of its issuer's states."""
    stated = [proof.proof.created for proof in proofs if proof.holds]
    moments: list[datetime] = []
    with suppress(TimestampError):  # the checks of the proofs and of the dates say so
        moments += [parse_timestamp(created) for created in stated if created is not None]
    with suppress(TimestampError):
        moments += [moment for moment in [credential.validity.start] if moment is not None]
    return max(moments, default=None)


def _shown(name: RecordName, wanted: bytes, head: StatusHead, known: Known) -> JsonObject:
    return {
        "record": str(name.record),
        "listId": hex_text(wanted),
        "era": whole(head.era),
        "version": whole(head.version),
        "digest": hex_text(head.digest),
        "set": head.time,
        "validUntil": format_timestamp(moment(head.valid_until)),
        "asOf": format_timestamp(known.time),
    }


def _open(code: str, message: str, evidence: JsonObject) -> HeadProblem:
    return HeadProblem(Outcome.INDETERMINATE, code, message, evidence)


def _rolled_back(seen: datetime, evidence: JsonObject) -> HeadProblem:
    time = format_timestamp(seen)
    message = f"The list at hand is older than one already seen, of {time}. Connect and check again."
    return _open(ROLLED_BACK, message, {**evidence, "seen": time})


def _equivocated(evidence: JsonObject) -> HeadProblem:
    message = "There are two answers to which list counts, and no telling which is true. Ask the issuer."
    return _open(EQUIVOCATED, message, evidence)
