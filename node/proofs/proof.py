"""The proofs of a secured document: read strictly, bounded in number, their chain checked for gaps and cycles.

Spec: https://www.w3.org/TR/vc-data-integrity/#proofs
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from graphlib import CycleError, TopologicalSorter
from typing import Final

from node.documents import JsonObject, JsonValue, pointer
from node.proofs.cryptosuites import DATA_INTEGRITY_PROOF, SUITES, Cryptosuite
from node.proofs.cryptosuites.transformation import JCS
from node.proofs.errors import MalformedProofError, shown

MAX_PROOFS: Final = 8
"""Proofs per document: each costs a canonicalization and a signature; sets of co-signers have two or three."""

OWN_MEMBERS: Final = frozenset({"proof"})

_ABSOLUTE_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s\x00-\x1f]+")
_TEXT: Final = "a string that is not empty"


class Form(StrEnum):
    """How a document is secured."""

    DATA_INTEGRITY = "data-integrity"
    """By proofs inside it."""
    JWT = "jwt"
    """By a compact JWS, whose payload it is."""
    SD_JWT = "sd-jwt"
    """By a compact JWS over digests, of which its holder discloses some."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A view of one received proof; `raw` is the received object itself, with every unknown member.

    `suite` is None for a kind that is not known here: its proof is kept and reported, and never verifies. The members
    that a known suite needs are there; for an unknown one they may be None. Whether `created` and `expires` are times,
    and whether any of it holds, has not been checked.
    """

    raw: JsonObject
    path: str
    type: str
    cryptosuite: str | None
    suite: Cryptosuite | None
    id: str | None
    verification_method: str | None
    proof_purpose: str | None
    created: str | None
    expires: str | None
    domain: tuple[str, ...]
    challenge: str | None
    nonce: str | None
    value: str | None
    """The text that holds the signature, still encoded; None where the suite is not known."""
    previous: tuple["Proof", ...]
    """The proofs that `previousProof` names, in the order of the document."""

    @property
    def kind(self) -> str:
        """The cryptosuite, or the type of a proof that names none."""
        return self.cryptosuite or self.type

    @property
    def form(self) -> Form:
        """How the document is secured."""
        return Form.DATA_INTEGRITY

    @property
    def names_owner_only(self) -> bool:
        """That the verification method names a key, not its owner alone."""
        return False

    @property
    def starts(self) -> None:
        """That it counts from when it was made; nothing else can be stated."""
        return

    @property
    def own_members(self) -> frozenset[str]:
        """The members of the document that belong to the proof, not to what is stated."""
        return OWN_MEMBERS

    @property
    def signs_text(self) -> bool | None:
        """Whether it signs the JSON text, defined or not, rather than its meaning; None for an unknown kind."""
        return None if self.suite is None else self.suite.transformation is JCS

    @property
    def derived(self) -> bool:
        """Whether the holder chose what of the document is shown."""
        return self.suite is not None and self.suite.verify_derived is not None


def proofs_of(document: JsonObject, *, suites: Mapping[str, Cryptosuite] = SUITES) -> tuple[Proof, ...]:
    """The proofs of the document, in its order.

    Raises MalformedProofError (proof.malformed.…) where there is none, where there are more than MAX_PROOFS, and where
    any of them breaks the data model: one broken proof makes the document's whole proof untrustworthy.

    Spec: https://www.w3.org/TR/vc-data-integrity/#verify-proof-sets-and-chains
    """
    if "proof" not in document:
        raise MalformedProofError(
            "the document has no proof",
            code="proof.malformed.missing",
            remedy="Ask for the signed document; what arrived is unsigned, so anybody can have written it.",
        )
    return read_proofs(document["proof"], suites=suites)


def read_proofs(value: JsonValue, *, suites: Mapping[str, Cryptosuite] = SUITES) -> tuple[Proof, ...]:
    """The proofs in the value of a `proof` member: one object, or an array of them."""
    if not isinstance(value, list):
        return _linked([_Members(value, pointer("proof"))], suites)
    if not value:
        raise _malformed("the document has an empty array of proofs", "empty", pointer("proof"))
    if len(value) > MAX_PROOFS:
        raise _malformed(
            f"the document has {len(value)} proofs; at most {MAX_PROOFS} are read", "too_many", pointer("proof")
        )
    return _linked([_Members(item, pointer("proof", index)) for index, item in enumerate(value)], suites)


class _Members:
    """One proof object, read member by member."""

    __slots__ = ("path", "raw")

    def __init__(self, value: JsonValue, path: str) -> None:
        if not isinstance(value, dict):
            raise _malformed(f"the proof {shown(value)} is not an object", "not_object", path)
        self.raw = value
        self.path = path

    def text(self, name: str) -> str | None:
        if name not in self.raw:
            return None
        value = self.raw[name]
        if not isinstance(value, str) or not value:
            raise self.wrong(name, _TEXT)
        return value

    def url(self, name: str) -> str | None:
        value = self.text(name)
        if value is not None and not _ABSOLUTE_URL.fullmatch(value):
            raise self.wrong(name, "an absolute URL")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        if name not in self.raw:
            return ()
        value = self.raw[name]
        items = value if isinstance(value, list) else [value]
        texts = tuple([item for item in items if isinstance(item, str) and item])
        if not items or len(texts) < len(items) or len(set(texts)) < len(texts):
            raise self.wrong(name, "a string, or an array of distinct strings, none of them empty")
        return texts

    def wrong(self, name: str, expected: str) -> MalformedProofError:
        found = f"is {shown(self.raw[name])}" if name in self.raw else "is missing"
        return _malformed(
            f"{name} of the proof {found}; it must be {expected}",
            re.sub("[A-Z]", lambda capital: "_" + capital[0].lower(), name),
            self.path + pointer(name),
        )


def _linked(members: list[_Members], suites: Mapping[str, Cryptosuite]) -> tuple[Proof, ...]:
    """Proofs with their previous proofs: built in an order in which those that are named come first."""
    index_of: dict[str, int] = {}
    for index, member in enumerate(members):
        id_ = member.url("id")
        if id_ is not None and index_of.setdefault(id_, index) != index:
            raise _malformed(f"two proofs have the id {shown(id_)}", "duplicate_id", member.path + pointer("id"))
    edges = {index: _previous(member, index_of) for index, member in enumerate(members)}
    order: Iterable[int] = edges
    try:
        if any(edges.values()):  # a chain; in a set every order will do
            order = tuple(TopologicalSorter(edges).static_order())
    except CycleError as error:
        raise _malformed(
            "the proofs name one another in a circle by previousProof, so none can have been made first",
            "cycle",
            members[error.args[1][0]].path + pointer("previousProof"),
        ) from error
    proofs: dict[int, Proof] = {}
    for index in order:
        proofs[index] = _read(members[index], tuple(proofs[other] for other in sorted(edges[index])), suites)
    return tuple(proofs[index] for index in range(len(members)))


def _previous(member: _Members, index_of: Mapping[str, int]) -> set[int]:
    names = member.texts("previousProof")
    for name in names:
        if name not in index_of:
            raise _malformed(
                f"previousProof names the proof {shown(name)}, which the document does not have",
                "previous_missing",
                member.path + pointer("previousProof"),
            )
    return {index_of[name] for name in names}


def _read(member: _Members, previous: tuple[Proof, ...], suites: Mapping[str, Cryptosuite]) -> Proof:
    type_, cryptosuite = member.text("type"), member.text("cryptosuite")
    if type_ is None:
        raise member.wrong("type", _TEXT)
    if type_ == DATA_INTEGRITY_PROOF and cryptosuite is None:
        raise member.wrong("cryptosuite", _TEXT)
    suite = suites.get(cryptosuite or type_)
    if suite is not None and (suite.type, suite.cryptosuite) != (type_, cryptosuite):
        suite = None
    verification_method, proof_purpose = member.url("verificationMethod"), member.text("proofPurpose")
    value = None
    if suite is not None:
        if verification_method is None:
            raise member.wrong("verificationMethod", "an absolute URL")
        if proof_purpose is None:
            raise member.wrong("proofPurpose", _TEXT)
        value = member.text(suite.serialization.member)
        if value is None:
            raise member.wrong(suite.serialization.member, _TEXT)
    return Proof(
        raw=member.raw,
        path=member.path,
        type=type_,
        cryptosuite=cryptosuite,
        suite=suite,
        id=member.url("id"),
        verification_method=verification_method,
        proof_purpose=proof_purpose,
        created=member.text("created"),
        expires=member.text("expires"),
        domain=member.texts("domain"),
        challenge=member.text("challenge"),
        nonce=member.text("nonce"),
        value=value,
        previous=previous,
    )


def _malformed(message: str, kind: str, path: str) -> MalformedProofError:
    return MalformedProofError(message, code=f"proof.malformed.{kind}", path=path)
