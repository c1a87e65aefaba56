"""The keys that may have signed a badge: those that the issuer's profile lists, and of these the one the badge names.

The way goes both ways: the profile lists the key, and the key says whose it is. A key that a badge brings along or
names by itself is the choice of whoever made the badge.

Spec: https://www.imsglobal.org/sites/default/files/Badges/OBv2p0Final/index.html#SignedBadge
"""

from dataclasses import dataclass
from typing import Final

from did_methods.errors import DidMethodsError
from did_methods.rsa import RsaPublicKey
from node.credentials.open_badges_2.objects import Link, Profile, link
from node.documents import JsonObject
from node.verification.check import Outcome
from node.verification.open_badges_2.library import Absent, Library, Published, same_address

MAX_KEYS: Final = 4
"""Keys of one issuer that are fetched and tried: the present one, and some that it has replaced."""

type Problem = tuple[Outcome, str, str]
"""Outcome, code and message of a check."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One listed key; without `key` the problem says why it cannot be used. `own` is that of what it was read from."""

    iri: str
    key: RsaPublicKey | None
    own: bool = True
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class SigningKeys:
    """The keys to be tried. Where there is none that could be, the problem says why."""

    found: tuple[SigningKey, ...]
    problem: Problem | None = None


def signing_keys(profile: Profile, issuer: str, creator: Link, library: Library) -> SigningKeys:
    """The keys by which a badge of this issuer may be signed.

    1. The profile lists keys.
    2. Where the badge names one, it is among them, and no other is tried.
    3. Each is read from the profile itself, or from its own address.
    4. It says that the issuer is its owner. One inside the profile need not: the profile is the owner.
    5. It is an RSA key of sufficient size, which is what the specification recommends and issuers use.
    """
    listed = profile.keys
    if not listed:  # 1.
        message = "The issuer's profile lists no key that it signs badges with. Ask the issuer."
        return SigningKeys((), (Outcome.INDETERMINATE, "issuer_key.no_key", message))
    if creator.iri is not None:  # 2.
        listed = tuple([key for key in listed if same_address(key.iri, creator.iri)])
        if not listed:
            message = f"It is signed with {creator.iri[:96]}, which is none of the keys that its issuer lists."
            return SigningKeys((), (Outcome.FAILED, "issuer_key.not_listed", message))
    found = tuple([_read(key, issuer, library) for key in listed[:MAX_KEYS]])
    problems = [key.problem for key in found if key.problem is not None]
    return SigningKeys(found, problems[0] if len(problems) == len(found) else None)


def _read(listed: Link, issuer: str, library: Library) -> SigningKey:
    iri = listed.iri or issuer
    if listed.copy is not None and "publicKeyPem" in listed.copy:  # 3.
        return _checked(iri, listed.copy, issuer, own=True, inside=True)
    found = library.find(iri)
    if not isinstance(found, Published) or found.moved:
        reason = found.reason if isinstance(found, Absent) else f"{iri[:96]} is not there any more"
        message = f"The key is not known: {reason}. Connect and check again."
        return SigningKey(iri, None, problem=(Outcome.INDETERMINATE, "issuer_key.unresolved", message))
    return _checked(iri, found.document, issuer, own=found.own, inside=False)


def _checked(iri: str, document: JsonObject, issuer: str, *, own: bool, inside: bool) -> SigningKey:
    owner = link(document.get("owner")).iri
    if owner is not None and not same_address(owner, issuer):  # 4.
        message = f"The key {iri[:96]} says that {owner[:96]} is its owner, not the issuer."
        return SigningKey(iri, None, own, (Outcome.FAILED, "issuer_key.owner", message))
    if owner is None and not inside:
        message = f"The key {iri[:96]} does not say whose it is. Ask the issuer."
        return SigningKey(iri, None, own, (Outcome.INDETERMINATE, "issuer_key.no_owner", message))
    pem = document.get("publicKeyPem")
    try:
        return SigningKey(iri, RsaPublicKey.from_pem(pem if isinstance(pem, str) else ""), own)  # 5.
    except DidMethodsError as error:
        message = f"The key {iri[:96]} cannot be relied upon: {error}. {error.remedy}"
        return SigningKey(iri, None, own, (Outcome.INDETERMINATE, error.code, message))
