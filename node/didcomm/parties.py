"""The parties of a message: their documents and our secrets, as whoever packs or opens hands them in.

Spec: https://identity.foundation/didcomm-messaging/spec/v2.1/#key-ids-kid-and-skid-headers-references-in-the-did-document
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Protocol

from did_methods.did import Did, DidUrl, parse_did_url
from did_methods.document import DidDocument, Relationship, VerificationMethod
from did_methods.errors import DidMethodsError, UnsupportedError
from did_methods.multikey import PrivateKey, PublicKey
from node.didcomm.agreement import CURVES, AgreementKey, local_agreement
from node.didcomm.errors import (
    InconsistentEnvelopeError,
    MalformedEnvelopeError,
    UnresolvedError,
    UnsupportedEnvelopeError,
    shown,
)
from node.proofs.signatures import SIGNATURE_BYTES, Signer, local_signer


class Documents(Protocol):
    """The documents that were resolved beforehand; those of did:key and did:peer can be made as they are asked for."""

    def __call__(self, did: str) -> DidDocument | None:
        """The document of a DID, or None where it is not at hand."""


class Secrets(Protocol):
    """Keys that agree and sign, by the id of their method, wherever their private halves lie."""

    def agreement(self, kid: str) -> AgreementKey | None:
        """The key that agrees under this id, or None where it is not held."""

    def signer(self, kid: str) -> Signer | None:
        """The key that signs under this id, or None where it is not held."""


class HeldSecrets:
    """Secrets whose private keys are held in this process; each is loaded when it is first used."""

    def __init__(self, keys: Mapping[str, PrivateKey]) -> None:
        self._keys = dict(keys)
        self._agreements: dict[str, AgreementKey] = {}
        self._signers: dict[str, Signer] = {}

    def agreement(self, kid: str) -> AgreementKey | None:
        """The key that agrees under this id, or None where it is not held."""
        key = self._keys.get(kid)
        if kid not in self._agreements and key is not None and key.type in CURVES:
            self._agreements[kid] = local_agreement(key)
        return self._agreements.get(kid)

    def signer(self, kid: str) -> Signer | None:
        """The key that signs under this id, or None where it is not held."""
        key = self._keys.get(kid)
        if kid not in self._signers and key is not None and key.type in SIGNATURE_BYTES:
            self._signers[kid] = local_signer(key)
        return self._signers.get(kid)


def key_id(text: str) -> DidUrl:
    """The id of a key: a DID, `#` and a fragment; raises MalformedEnvelopeError."""
    try:
        url = parse_did_url(text)
    except DidMethodsError as error:
        raise MalformedEnvelopeError(f"the id of a key is none: {error}", code="didcomm.envelope.kid") from error
    if url.fragment is None or url.path or url.query is not None:
        raise MalformedEnvelopeError(
            f"{shown(text)} is not the id of a key: a DID, # and a fragment", code="didcomm.envelope.kid"
        )
    return url


def document_of(did: Did, documents: Documents) -> DidDocument:
    """The document of a DID; raises UnresolvedError where it is not at hand."""
    document = documents(str(did))
    if document is None or document.id != str(did):
        raise UnresolvedError(str(did))
    return document


def public_key(kid: DidUrl, relationship: Relationship, documents: Documents, *, at: datetime, code: str) -> PublicKey:
    """The key of this id, if the document of its DID lists it for this, and it was neither revoked nor has expired.

    Raises InconsistentEnvelopeError with the code where it is not so, UnsupportedEnvelopeError where it cannot be told,
    and UnresolvedError.
    """
    document = document_of(kid.did, documents)
    try:
        method = document.verification_method(kid, relationship)
    except UnsupportedError as error:
        raise UnsupportedEnvelopeError(
            str(error), code="didcomm.unsupported.curve", remedy=error.remedy, path=error.path
        ) from error
    except DidMethodsError as error:
        raise InconsistentEnvelopeError(str(error), code=code, path=error.path) from error
    if not _in_force(method, at):
        raise InconsistentEnvelopeError(f"the key {shown(str(kid))} was revoked, or has expired", code=code)
    if not isinstance(method.key, PublicKey):
        raise UnsupportedEnvelopeError(
            f"the key {shown(str(kid))} is of a kind that is not used in DIDComm", code="didcomm.unsupported.curve"
        )
    return method.key


def agreement_keys(document: DidDocument, *, at: datetime) -> Iterator[tuple[str, PublicKey]]:
    """The keys with which a party agrees, in the order of its document; what cannot be used is left out."""
    for kid in document.methods:
        try:
            method = document.verification_method(kid, Relationship.KEY_AGREEMENT)
        except DidMethodsError:
            continue
        if isinstance(method.key, PublicKey) and method.key.type in CURVES and _in_force(method, at):
            yield kid, method.key


def _in_force(method: VerificationMethod, at: datetime) -> bool:
    return (method.revoked is None or at < method.revoked) and (method.expires is None or at < method.expires)
