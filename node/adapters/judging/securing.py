"""A credential signed in a process that does not have the key: everything but the signature is made here."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Protocol

import orjson

from did_methods.did import parse_did_url
from did_methods.document import Relationship
from did_methods.multikey import PublicKey
from node.credentials.credential import Credential
from node.credentials.record_name import Promise, named_records
from node.documents import JsonObject, UnsecuredDocument
from node.issuance.anchorable import anchorables
from node.issuance.disclosable import Disclosure, KeyScope
from node.issuance.errors import NotAnchorableError, ProfileError
from node.issuance.secure import Signing, SigningProfile
from node.issuance.selective_token import VCT_OF, secure_as_sd_jwt
from node.issuance.token import secure_as_token
from node.ports import KeyNotHeldError
from node.ports.judging import Form, SigningOrder
from node.status.token_status_list import TokenStatusEntry
from node.verification.keys import KeyRing
from node.verification.material import Origin, ResolvedDocument, VerificationMaterial
from node.verification.policy import KeyEvidence, built_in
from node.verification.received import subject_of
from node.verification.trust import Trust
from node.verification.vocabulary import vocabulary

_POLICY: Final = built_in()


class Signatures(Protocol):
    """Signatures by the key of the task, wherever it is."""

    def ask(self, message: JsonObject) -> bytes:
        """What a task about a table asks for."""

    def sign(self, method: str, data: bytes) -> bytes:
        """The signature over some data."""

    def sign_messages(self, method: str, header: bytes, messages: Sequence[bytes]) -> bytes:
        """The BBS signature."""


@dataclass(frozen=True, slots=True)
class Made:
    """The signed credential, as `node.ports.judging.Secured` tells of it."""

    body: bytes
    choosable: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    commitment: bytes | None = None


@dataclass(frozen=True, slots=True)
class AskedKey:
    """A KeyStore of one key, of which only the public half is here."""

    method: str
    public: PublicKey
    signatures: Signatures

    def public_key(self, verification_method: str) -> PublicKey:
        """The public half."""
        if verification_method != self.method:
            raise KeyNotHeldError("this task has another key")
        return self.public

    async def sign(self, verification_method: str, data: bytes) -> bytes:
        """The signature, which is asked for; the process waits."""
        return self.signatures.sign(verification_method, data)

    async def sign_messages(self, verification_method: str, header: bytes, messages: Sequence[bytes]) -> bytes:
        """The BBS signature, likewise."""
        return self.signatures.sign_messages(verification_method, header, messages)


async def secured(  # noqa: PLR0913 -- a document, how and by whose key it is signed, and when
    document: UnsecuredDocument,
    order: SigningOrder,
    key: PublicKey,
    signatures: Signatures,
    trust: Trust,
    *,
    created: datetime,
) -> Made:
    """The document as ordered; raises what issuing does."""
    profile = SigningProfile(
        str(parse_did_url(order.verification_method).did),
        order.verification_method,
        order.cryptosuite,
        order.proof_array,
        Disclosure(order.mandatory, order.awarded_date, scope_of(order)),
    )
    signing = Signing(profile, AskedKey(order.verification_method, key, signatures), trust)
    made = Made(b"")
    match order.form:
        case Form.PROOF:
            body = orjson.dumps(await signing.secure(document, created=created))
        case Form.JWT:
            body = (await secure_as_token(document, signing, created=created)).encode()
        case Form.SD_JWT:
            place = place_of(order.token_status)
            token = await secure_as_sd_jwt(document, signing, created=created, vct=vct_of(order), status=place)
            body = token.text.encode()
            made = Made(body, token.choosable, token.lost, token.kept)
    commitment = commitment_of_signed(document, body, order, key, trust=trust, at=created) if order.anchored else None
    return replace(made, body=body, commitment=commitment)


def scope_of(order: SigningOrder) -> KeyScope | None:
    """The scope of a BBS key."""
    return None if order.signs is None or order.epoch is None else KeyScope(order.signs, order.epoch)


def place_of(token_status: tuple[str, int] | None) -> TokenStatusEntry | None:
    """The place in a Token Status List that an order names as an address and an index."""
    return None if token_status is None else TokenStatusEntry(token_status[1], token_status[0])


def vct_of(order: SigningOrder) -> str | None:
    """The kind of SD-JWT VC that is ordered; raises ProfileError for one that is not known."""
    if order.vct is None or order.vct in VCT_OF:
        return None if order.vct is None else VCT_OF[order.vct]
    raise ProfileError(
        f"{order.vct[:64]!r} is no kind of SD-JWT VC that is known here",
        code="issuance.key_type",
        remedy=f"Name one of these: {', '.join(VCT_OF)}.",
    )


def commitment_of_signed(  # noqa: PLR0913 -- a document, as what it was signed, by which key, and when
    document: JsonObject, body: bytes, order: SigningOrder, key: PublicKey, *, trust: Trust, at: datetime
) -> bytes:
    """What is anchored for the credential that was just signed; raises NotAnchorableError where that is nothing.

    The issuer's document is the one that the key alone makes: it is its signature that was just made.
    """
    name = next(iter(named_records(Credential(document).evidence).promising(Promise.ANCHOR)), None)
    if name is None:
        raise NotAnchorableError(
            "it names no record in which it is going to be anchored",
            code="anchoring.record",
            remedy="Give the profile a namespace to anchor in, so that the credential names it.",
        )
    method, did = order.verification_method, str(parse_did_url(order.verification_method).did)
    listed: JsonObject = {"id": method, "type": "Multikey", "controller": did, "publicKeyMultibase": key.to_multibase()}
    own: JsonObject = {"id": did, "verificationMethod": [listed], Relationship.ASSERTION_METHOD.value: [method]}
    material = VerificationMaterial({did: ResolvedDocument(own, KeyEvidence.NOW_ONLY, Origin.PINNED, at)})
    ring = KeyRing(material, trust, _POLICY, at)
    return anchorables(subject_of(body), name, ring, vocabulary(trust.contexts))[0].commitment
