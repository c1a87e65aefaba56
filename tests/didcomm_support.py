"""Parties that talk in tests: those of the specification's appendix, and made ones."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from did_methods import key as did_key
from did_methods.did import parse_did
from did_methods.document import DidDocument
from did_methods.multikey import KeyType, PrivateKey
from did_methods.peer import resolve_peer
from node.didcomm.parties import HeldSecrets

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
APPENDIX: dict[str, Any] = json.loads((Path(__file__).parent / "didcomm" / "appendix.json").read_text("utf-8"))
ALICE, BOB = "did:example:alice", "did:example:bob"
PROPOSAL = "https://example.com/protocols/lets_do_lunch/1.0/proposal"
PARTIES = {"alice": ALICE, "bob": BOB}
SIGNING = ("key-1", "key-2", "key-3")


def jwk_of(entry: dict[str, str]) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if name != "kid"}


def appendix_document(name: str) -> dict[str, Any]:
    """The document of appendix B: the public halves of the keys of appendix A."""
    did = PARTIES[name]
    document: dict[str, Any] = {"id": did, "authentication": [], "keyAgreement": []}
    for entry in APPENDIX[name]:
        jwk = {member: value for member, value in jwk_of(entry).items() if member != "d"}
        method = {"id": entry["kid"], "type": "JsonWebKey2020", "controller": did, "publicKeyJwk": jwk}
        signs = entry["kid"].partition("#")[2] in SIGNING
        document["authentication" if signs else "keyAgreement"].append(method)
    return document


def appendix_secrets(*names: str) -> HeldSecrets:
    entries = [entry for name in names for entry in APPENDIX[name]]
    return HeldSecrets({entry["kid"]: PrivateKey.from_jwk(jwk_of(entry)) for entry in entries})


APPENDIX_DOCUMENTS = {did: DidDocument.parse(appendix_document(name)) for name, did in PARTIES.items()}


def resolvable(did: str) -> DidDocument | None:
    """The parties of the appendix, and identifiers that hold their documents."""
    if did in APPENDIX_DOCUMENTS:
        return APPENDIX_DOCUMENTS[did]
    if did.startswith("did:key:"):
        return DidDocument.parse(did_key.resolve_key(parse_did(did)))
    return DidDocument.parse(resolve_peer(parse_did(did))) if did.startswith("did:peer:") else None


class Party:
    """Somebody with keys on every curve and of every kind that signs, in a document like that of the appendix."""

    def __init__(
        self, did: str, *, types: tuple[KeyType, ...] = (), service: list[dict[str, Any]] | None = None
    ) -> None:
        agreeing = types or (KeyType.X25519, KeyType.P384, KeyType.P256, KeyType.P521)
        self.did = did
        self.keys: dict[str, PrivateKey] = {}
        self.source: dict[str, Any] = {"id": did, "authentication": [], "keyAgreement": [], "service": service or []}
        for type_ in agreeing:
            self.add("keyAgreement", f"{did}#agree-{type_}", PrivateKey.generate(type_))
        for type_ in (KeyType.ED25519, KeyType.P256):
            self.add("authentication", f"{did}#sign-{type_}", PrivateKey.generate(type_))
        self.secrets = HeldSecrets(self.keys)

    def add(self, relationship: str, kid: str, key: PrivateKey, **members: str) -> None:
        self.keys[kid] = key
        self.source[relationship].append(
            {
                "id": kid,
                "type": "JsonWebKey2020",
                "controller": self.did,
                "publicKeyJwk": key.public.to_jwk(),
                **members,
            }
        )
        self.secrets = HeldSecrets(self.keys)

    @property
    def document(self) -> DidDocument:
        return DidDocument.parse(self.source)


def documents_of(*parties: Party):
    known = {party.did: party.document for party in parties}
    return known.get
