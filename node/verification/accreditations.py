"""Who vouches for an issuer: chains of accreditations, up to a body that the verifier believes.

1. A chain begins with an accreditation of the issuer that permits to issue, for a scope that covers the document.
2. Whoever signed it is a body of the verifier's trust file, or was itself permitted to accredit: by the accreditation
   that it names by id and digest, of which it is the subject, which permits one accreditation more below it, and is
   nowhere narrower. Nobody is in a chain twice, and it has three accreditations at most.
3. Each was in force at the time that counts: when the document is shown to have existed, else when it is judged. Each
   but the first was in force, too, when the one below it was recorded.
4. The body is believed for this, and at that time.
5. What the document says of its own date speaks against it alone: a document of a day before the accreditation is none
   of an accredited issuer, whenever it was anchored.

None of this asks what anchors show of the document, so a namespace that an accreditation names can be the issuer's
before the anchor is looked at.

Spec: https://hub.ebsi.eu/vc-framework/trust-model/issuer-trust-model-v4, docs/concepts/who-vouches.md
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from node.credentials.accreditation import MAX_DEPTH
from node.credentials.record_name import RecordName
from node.credentials.scope import Scope
from node.credentials.timestamps import format_timestamp
from node.documents import JsonObject, JsonValue
from node.verification.accreditable import Accreditable, read_accreditable
from node.verification.accreditation_standing import Kind, Link, Standing, Standings, read_links
from node.verification.bodies import Body
from node.verification.case import Case
from node.verification.check import Check, CheckName, Outcome
from node.verification.checks.authority import NO_BODY
from node.verification.keys import KeyRing
from node.verification.records import Records
from node.verification.vocabulary import Vocabulary

MAX_LINKS: Final = MAX_DEPTH + 1
"""Accreditations from a body to an issuer."""
MAX_TOLD: Final = 8
"""Accreditations that are named as ones that do not count."""


@dataclass(frozen=True, slots=True)
class Step:
    """One accreditation of a chain, for one of its scopes, and how it stood."""

    link: Link
    scope: Scope
    standing: Standing

    def to_json(self) -> JsonObject:
        """The accreditation as the evidence of `authority` lists it."""
        found = self.link.accreditation
        return {
            "id": found.id,
            "body": found.body,
            "subject": found.subject,
            "scope": self.scope.to_json(),
            "from": format_timestamp(found.valid_from),
            **({} if found.valid_until is None else {"until": format_timestamp(found.valid_until)}),
            "evidence": "proven" if self.standing.kind is Kind.PROVEN else "claimed",
            **self.standing.evidence,
        }


@dataclass(frozen=True, slots=True)
class Chain:
    """Accreditations from the issuer's up to the one that a body signed; `kind` is how the whole stands, and `why`."""

    kind: Kind
    why: str
    steps: tuple[Step, ...]
    body: Body | None = None

    @property
    def since(self) -> datetime:
        """From when on all of them hold, by what they say."""
        return max(step.link.accreditation.valid_from for step in self.steps)

    @property
    def counts(self) -> bool:
        """Whether the verifier takes it.

        What is merely signed may be of any time, so its body has to be believed for ever.
        """
        suffices = self.body is not None and self.body.signed_suffices and self.body.distrust_from is None
        return self.kind is Kind.PROVEN or (suffices and self.kind is Kind.CLAIMED)


class Accreditations:
    """The accreditations of one verification."""

    __slots__ = ("_by_digest", "_by_subject", "_chains", "_ring", "_standings", "_ways")

    def __init__(self, ring: KeyRing, vocabulary: Vocabulary) -> None:
        self._ring = ring
        self._standings = Standings(ring, vocabulary)
        links = list(read_links(ring.material.accreditations))
        self._by_digest = {link.digest: link for link in links}
        self._by_subject: dict[str, list[Link]] = {}
        for link in links:
            self._by_subject.setdefault(link.accreditation.subject, []).append(link)
        self._ways: dict[bytes, tuple[Link, ...] | str] = {}
        self._chains: dict[tuple[bytes, Scope, datetime], Chain] = {}

    @property
    def records(self) -> Records:
        """What is proven of records on chains."""
        return self._standings.records

    def give(self, name: RecordName, owner: str, time: datetime, document: JsonObject) -> bool:
        """Whether a namespace is its owner's by an accreditation to issue such documents, proven for a time.

        One for something else says nothing of it: a body far down could else let any issuer's stolen key write into a
        namespace of its own.
        """
        links = [link for link in self._by_subject.get(owner, ()) if name.record in link.accreditation.namespaces]
        if not links:
            return False
        stated = read_accreditable(document)
        return any(
            stated.is_within(scope) and self._chain(link, scope, time).kind is Kind.PROVEN
            for link in links
            if link.accreditation.may_issue
            for scope in link.accreditation.scopes
        )

    def judge(self, issuer: str, case: Case) -> Check | None:
        """Who vouches for the issuer of a document that is known to be its own; None where nobody is said to.

        The numbers are those of the module.
        """
        links = [link for link in self._by_subject.get(issuer, ()) if link.accreditation.may_issue]
        if not links:
            return None
        document = read_accreditable(case.document, case.objects)
        time = case.anchored or case.at
        covering = [(link, scope) for link in links for scope in link.accreditation.scopes if document.is_within(scope)]
        chains = [self._dated(self._chain(link, scope, time), document, covering, time) for link, scope in covering]
        sound = [chain for chain in chains if chain.kind is not Kind.UNSOUND]
        told: JsonObject = {"time": "judging" if case.anchored is None else "anchored", "at": format_timestamp(time)}
        if claimed := document.claimed():
            told = {**told, "claimed": claimed}
        if not sound:
            return self._nobody(links, chains, covered=bool(covering), told=told)
        best = min(sound, key=lambda chain: (not chain.counts, chain.kind))
        if case.undisclosed.results and not case.policy.undisclosed_is_absent and best.counts:
            message = "Its holder may have hidden what the accreditation does not cover. Ask the holder to show it."
            return _check(Outcome.INDETERMINATE, "undisclosed", message, {**told, **_evidence(best)})
        return _told(best, document, told)

    def _dated(self, chain: Chain, document: Accreditable, covering: list[tuple[Link, Scope]], time: datetime) -> Chain:
        """The chain, where the document is not older than it by its own word; or another one covers that day.  5."""
        if not chain.steps or chain.kind in {Kind.OUT, Kind.UNSOUND}:
            return chain
        stated = min((date for date in document.dates if date <= time), default=time)
        if stated >= chain.since:
            return chain
        if any(
            self._chain(link, scope, stated).kind <= Kind.CLAIMED
            for link, scope in covering
            if link.accreditation.in_period(stated)
        ):
            return chain
        return Chain(Kind.OUT, "before", chain.steps, chain.body)

    def _chain(self, link: Link, scope: Scope, time: datetime) -> Chain:
        """The best chain from this accreditation, for this scope of it, up to a body, as of a time."""
        if link.digest not in self._ways:
            self._ways[link.digest] = self._way(link)
        way = self._ways[link.digest]
        return Chain(Kind.UNSOUND, way, ()) if isinstance(way, str) else self._as_of(way, scope, time)

    def _way(self, link: Link) -> tuple[Link, ...] | str:
        """The accreditations from this one up to the one that a body signed, whatever they are for; or why none.  2."""
        way, among = [link], {link.accreditation.subject}
        while True:
            found = way[-1].accreditation
            if found.body in among:
                return "loop"
            among.add(found.body)
            if found.body in self._ring.trust.bodies:
                return tuple(way)
            if len(way) == MAX_LINKS:
                return "depth"
            parent = None if found.parent is None else self._by_digest.get(found.parent.digest)
            if found.parent is None or parent is None:
                return "no_body" if found.parent is None else "no_parent"
            upper = parent.accreditation
            if (upper.id, upper.subject) != (found.parent.id, found.body) or upper.depth <= found.depth:
                return "parent"
            way.append(parent)

    def _as_of(self, way: tuple[Link, ...], scope: Scope, time: datetime) -> Chain:
        key = way[0].digest, scope, time
        if key not in self._chains:
            self._chains[key] = self._stood(way, scope, time)
        return self._chains[key]

    def _stood(self, way: tuple[Link, ...], scope: Scope, time: datetime) -> Chain:
        """How the accreditations of a way stood at a time, the first for this scope; by the best scopes of the others.

        The whole is as good as the worst: at that time, and above each at the time when it was recorded.  3.
        """
        link, *upper = way
        given = upper[0].accreditation.namespaces if upper else ()
        step = Step(link, scope, self._standings.standing(link, scope, time, given))
        if not upper:
            return _ending(step, self._ring.trust.bodies[link.accreditation.body], time, self._ring.at)
        above = tuple(upper)
        wider = [one for one in above[0].accreditation.scopes if one.covers(scope)]
        if not wider or step.standing.kind is Kind.UNSOUND:
            return Chain(Kind.UNSOUND, step.standing.why if wider else "wider", ())
        return min((self._under(step, above, one, time) for one in wider), key=lambda chain: chain.kind)

    def _under(self, step: Step, above: tuple[Link, ...], scope: Scope, time: datetime) -> Chain:
        upper = self._as_of(above, scope, time)
        kinds = [(step.standing.kind, step.standing.why), (upper.kind, upper.why)]
        if step.standing.recorded is not None:
            then = self._as_of(above, scope, step.standing.recorded)
            kinds.append((then.kind, then.why))
        kind, why = max(kinds, key=lambda pair: pair[0])
        return Chain(kind, why, (step, *upper.steps), upper.body)

    def _nobody(self, links: list[Link], chains: list[Chain], *, covered: bool, told: JsonObject) -> Check | None:
        """That the accreditations at hand say nothing of this document that counts."""
        if covered:
            listed: list[JsonValue] = [*dict.fromkeys(chain.why for chain in chains)]
            listed = listed[:MAX_TOLD]
            message = "Of the accreditations at hand none leads to a body that you believe."
            return Check(CheckName.AUTHORITY, Outcome.INDETERMINATE, NO_BODY, message, {**told, "why": listed})
        believed = any(
            self._chain(link, scope, self._ring.at).kind is not Kind.UNSOUND
            for link in links
            for scope in link.accreditation.scopes
        )
        if not believed:
            return None
        message = "The issuer is accredited for something else: another type, level or country."
        scopes: list[JsonValue] = [scope.to_json() for link in links for scope in link.accreditation.scopes]
        return _check(Outcome.INDETERMINATE, "not_covered", message, {**told, "scopes": scopes[:MAX_TOLD]})


def _ending(step: Step, body: Body, time: datetime, at: datetime) -> Chain:
    """The chain of one accreditation, by a body itself.  4."""
    kind, why, recorded = step.standing.kind, step.standing.why, step.standing.recorded
    if not body.believed_for(step.scope):
        return Chain(Kind.UNSOUND, "body_scope", ())
    # What is not shown to be older may have been signed at any time.
    written = recorded if kind is Kind.PROVEN and recorded is not None else at
    if kind is Kind.UNSOUND or not (body.believed_at(time) and body.believed_at(written)):
        return Chain(Kind.UNSOUND, why if kind is Kind.UNSOUND else "body_distrusted", ())
    return Chain(kind, why, (step,), body)


def _told(chain: Chain, document: Accreditable, told: JsonObject) -> Check:
    evidence = {**told, **_evidence(chain)}
    scope = chain.steps[0].scope
    if chain.counts:
        evidence = {**evidence, **document.told(scope)}
        if (name := chain.steps[0].link.accreditation.subject_name) is not None:
            evidence = {**evidence, "issuer": name}  # as the body knows it
        if chain.kind is Kind.PROVEN:
            message = "A body that you believe accredited the issuer for this, and its record shows so for that time."
            return _check(Outcome.PASSED, "accredited", message, evidence)
        message = "A body that you believe accredited the issuer for this. Whether it took that back is not known."
        return _check(Outcome.PASSED, "signed", message, evidence)
    if chain.kind is Kind.OUT:
        message = "The accreditation of the issuer was not in force at that time."
        return _check(Outcome.FAILED, "not_in_force", message, {**evidence, "why": chain.why})
    if chain.kind is Kind.CLAIMED:
        message = (
            "A body that you believe signed an accreditation of the issuer for this; no record shows that it was in "
            "force. Connect and check again, or ask the body for its record."
        )
        return _check(Outcome.INDETERMINATE, "claimed", message, {**evidence, "why": chain.why})
    message = f"{_OPEN.get(chain.why, _SIGNATURE)} Connect and check again, or ask the body."
    return _check(Outcome.INDETERMINATE, "open", message, {**evidence, "why": chain.why})


_SIGNATURE: Final = "Whether an accreditation of the issuer is its body's word could not be checked."
_OPEN: Final = {
    "status": "An accreditation of the issuer could be withdrawn by a status list, too, which is not looked into.",
    "stale": "Whether the accreditation of the issuer was withdrawn is known only up to an earlier time.",
    "later": "The accreditation of the issuer was recorded only later, and taken back since.",
    "another": "The record holds another accreditation of the issuer, and nobody has brought the document.",
}


def _evidence(chain: Chain) -> JsonObject:
    steps: list[JsonValue] = [step.to_json() for step in chain.steps]
    body: JsonObject = {} if chain.body is None else {"body": chain.body.name, "bodyId": chain.body.did}
    return {**body, "evidence": "proven" if chain.kind is Kind.PROVEN else "claimed", "chain": steps}


def _check(outcome: Outcome, code: str, message: str, evidence: JsonObject) -> Check:
    return Check(CheckName.AUTHORITY, outcome, f"authority.{code}", message, evidence)
