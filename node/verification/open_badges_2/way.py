"""The way from a badge to whoever answers for it: assertion, badge class, profile; then the place, or the keys.

A copy of an object inside another is the word of whoever made the other. So an issuer's profile never counts as a copy:
it is taken from its own address, or is not known. Otherwise anybody could host an assertion with a profile of somebody
else inside, in which that somebody allows the place.

Spec: https://www.imsglobal.org/sites/default/files/Badges/OBv2p0Final/index.html#implementation-verification
"""

from dataclasses import dataclass, field, replace
from typing import Final

from node.credentials.findings import FindingOutcome
from node.credentials.open_badges_2.objects import Assertion, BadgeClass, Kind, Profile, is_assertion, on_the_web
from node.credentials.open_badges_2.scope import Scope
from node.credentials.open_badges_2.structure import check_assertion
from node.documents import JsonObject
from node.verification.check import Outcome
from node.verification.open_badges_2.library import Absent, Gone, Library, Published, same_address
from node.verification.open_badges_2.received import ReceivedBadge
from node.verification.open_badges_2.signing_keys import SigningKey, signing_keys

CONNECT: Final = "Connect and check again."


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why the issuer of a badge is not known, or is another: the outcome, code and message of a check."""

    outcome: Outcome
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Way:
    """How far the way led.

    `truth` is the assertion that is judged: of a hosted badge what its host gives, of a signed one what was signed.
    `obstacle` is what stood in the way first.
    """

    received: ReceivedBadge
    kind: Kind
    truth: Assertion
    hosted: Published | Gone | Absent | None = None
    badge: JsonObject | None = None
    badge_at: Published | None = None
    """Where the badge class was had from; None for one that stands inside the assertion."""
    issuer: str | None = None
    profile: Published | None = None
    obstacle: Obstacle | None = None
    keys: tuple[SigningKey, ...] = ()
    revocations: Published | Gone | Absent | None = None
    own: bool = True
    """Whether all of it is from its hosts, and nothing from a file."""
    hosts: frozenset[str] = field(default_factory=frozenset)
    """The hosts on whose word it rests."""

    @property
    def unseen(self) -> bool:
        """Whether nothing of the badge is at hand but its address."""
        return self.received.address_only and self.truth.document is self.received.document

    @property
    def whole_badge(self) -> JsonObject | None:
        """The badge class with its issuer's profile inside, as far as they are known."""
        if self.badge is None or self.profile is None:
            return self.badge
        return {**self.badge, "issuer": {"id": self.issuer, **self.profile.document}}

    @property
    def assembled(self) -> JsonObject:
        """The assertion with its badge class inside, and in that its issuer's profile, as far as they are known."""
        badge = self.whole_badge
        return {**self.truth.document, **({} if badge is None else {"badge": badge})}


def follow(received: ReceivedBadge, library: Library) -> Way:
    """The way of a badge, through what is known of its objects.

    1. A hosted badge: its host is asked, and what it gives is the badge. Of what was handed over the address counts.
    2. A signed badge is what was signed. What signs is found out last.
    3. Its badge class, and the profile that this names as its issuer.
    4. A hosted badge lies where the profile says that the issuer's badges lie. A signed one is signed with a key that
       the profile lists, which also says where those revoked are listed.
    5. A badge class that was not had from its own address is not another issuer's.
    """
    kind = received.kind or Kind.OTHER
    way = Way(received, kind, received.assertion)
    if kind is Kind.OTHER or (kind is Kind.SIGNED and received.jws is None):
        return way
    if kind is Kind.HOSTED:
        way = _asked(way, library)  # 1.
        if way.obstacle is not None:
            return way
    way = _issuer(way, library)  # 2. and 3.
    if way.obstacle is not None or way.profile is None:
        return way
    way = _kept(way) if kind is Kind.HOSTED else _signed(way, library)  # 4.
    return way if way.obstacle is not None else replace(way, obstacle=_borrowed(way, library))  # 5.


def _asked(way: Way, library: Library) -> Way:
    address = way.received.assertion.address or ""
    hosted = library.find(address)
    if isinstance(hosted, Published):
        if not _is_sound(hosted.document):
            hosted = Absent(address, f"what is at {address[:96]} is no assertion")
        else:
            published = Assertion(hosted.document)
            # One that was revoked may be stripped of all else: whose it was then is what was handed over says.
            truth = published if published.badge != (None, None) else way.received.assertion
            return replace(_rest_on(way, hosted), hosted=hosted, truth=truth)
    if isinstance(hosted, Gone):
        return replace(way, hosted=hosted, own=hosted.own)
    obstacle = _unknown(
        "hosted.unreachable", f"What the issuer publishes of it is not known: {hosted.reason}. {CONNECT}"
    )
    return replace(way, hosted=hosted, obstacle=obstacle)


def _is_sound(document: JsonObject) -> bool:
    findings = check_assertion(document)
    return is_assertion(document) and not any(finding.outcome is FindingOutcome.FAILED for finding in findings)


def _issuer(way: Way, library: Library) -> Way:
    """The badge class and the profile of its issuer.  3."""
    named = way.truth.badge
    if named.copy is None:
        found = library.find(named.iri or "")
        if not isinstance(found, Published):
            return replace(way, obstacle=_missing(way, "The badge class", found))
        way, badge = replace(_rest_on(way, found), badge_at=found), found.document
    else:
        badge = named.copy
    way = replace(way, badge=badge)
    issuer = BadgeClass(badge).issuer.iri
    profile = library.find(issuer or "")
    if issuer is None or not isinstance(profile, Published):
        return replace(way, issuer=issuer, obstacle=_missing(way, "The profile of the issuer", profile))
    way = replace(_rest_on(way, profile), issuer=issuer, profile=profile)
    if profile.moved:
        return replace(way, obstacle=_moved(way, profile))
    return way


def _borrowed(way: Way, library: Library) -> Obstacle | None:
    """What speaks against the badge class.

    One that stands inside the assertion is the issuer's word like all the rest. But if it has an address elsewhere,
    outside the places of the issuer, it has to name the same issuer there: it may be somebody else's. One that was had
    from its address must have been had from there, or from a place of the issuer.
    """
    badge, scope = way.truth.badge, Scope.of(_profile(way))
    at = way.badge_at
    if at is not None:
        return _moved(way, at) if at.moved and not (scope and at.host in scope.hosts) else None
    if badge.copy is None or badge.iri is None or not on_the_web(badge.iri) or (scope and scope.holds(badge.iri)):
        return None
    found = library.find(badge.iri)
    if not isinstance(found, Published):
        return _missing(way, "The badge class, which has an address outside those of its issuer,", found)
    if not same_address(BadgeClass(found.document).issuer.iri, way.issuer):
        message = f"The badge class {badge.iri[:96]} belongs to another issuer than the one who awards it here."
        return Obstacle(Outcome.FAILED, "issuer_key.badge_class", message)
    return None


def _kept(way: Way) -> Way:
    """Whether the place is one of the issuer's.  4."""
    scope, address = Scope.of(_profile(way)), way.received.assertion.address or ""
    if scope is None:
        message = "Where its badges are kept, the issuer's profile does not say by rules that are known here."
        return replace(way, obstacle=_unknown("hosted.scope_unknown", message))
    if not scope.holds(address):
        message = f"It is kept at {address[:96]}, which is no place that {(way.issuer or '')[:96]} names as its own."
        return replace(way, obstacle=Obstacle(Outcome.FAILED, "issuer_key.hosted.scope", message))
    if isinstance(way.hosted, Published) and not scope.holds(way.hosted.place):
        return replace(way, obstacle=_moved(way, way.hosted))
    return way


def _signed(way: Way, library: Library) -> Way:
    """The keys that the profile lists, and the list of what was revoked.  4."""
    profile = _profile(way)
    keys = signing_keys(profile, way.issuer or "", way.truth.creator, library)
    own = way.own and all(key.own for key in keys.found)
    listed = profile.revocation_list
    revocations = None if listed is None else library.find(listed)
    obstacle = None if keys.problem is None else Obstacle(*keys.problem)
    return replace(way, keys=keys.found, revocations=revocations, own=own, obstacle=obstacle)


def _profile(way: Way) -> Profile:
    """The profile, under the address that it was had from."""
    document = way.profile.document if way.profile else {}
    return Profile({**document, "id": way.issuer})


def _rest_on(way: Way, found: Published) -> Way:
    hosts = way.hosts if found.host is None else way.hosts | {found.host}
    return replace(way, own=way.own and found.own, hosts=hosts)


def _missing(way: Way, what: str, found: Published | Gone | Absent) -> Obstacle:
    reason = found.reason if isinstance(found, Absent) else f"its host has taken {found.iri[:96]} away"
    kind = "hosted.unreachable" if way.kind is Kind.HOSTED else "unresolved"
    return _unknown(kind, f"{what} is not known: {reason}. {CONNECT}")


def _moved(way: Way, found: Published) -> Obstacle:
    kind = "hosted.moved" if way.kind is Kind.HOSTED else "moved"
    message = f"{found.iri[:96]} leads on to {found.place[:96]}, of which the issuer says nothing."
    return _unknown(kind, message)


def _unknown(kind: str, message: str) -> Obstacle:
    return Obstacle(Outcome.INDETERMINATE, f"issuer_key.{kind}", message)
