"""A credential made and signed for a test, through the same use case as any other."""

import json
from datetime import UTC, datetime
from typing import Any

from did_methods import key as did_key
from did_methods.multikey import KeyType, PrivateKey
from node.adapters.held_keys import HeldKeys
from node.app import sources
from node.documents import UnsecuredDocument
from node.issuance.secure import SigningProfile, secure, usual_suite
from node.proofs.data_integrity import add_proof
from node.proofs.options import ProofOptions
from node.proofs.signatures import local_signer
from node.verification.gather import gather
from node.verification.trust import NO_TRUST
from node.verification.vocabulary import vocabulary

KEY = PrivateKey(KeyType.ED25519, bytes(range(32)))
DID = str(did_key.create(KEY.public))
METHOD = did_key.method_id(KEY.public)
CREATED = datetime(2026, 6, 12, 14, 3, tzinfo=UTC)
CONTEXTS = [
    "https://www.w3.org/ns/credentials/v2",
    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
]


def badge(**changes: Any) -> UnsecuredDocument:
    """An Open Badge by the issuer DID, without a proof; a change to None takes a member away."""
    document = {
        "@context": CONTEXTS,
        "id": "urn:uuid:6f0a4c3e-1d2b-4a57-8a52-2f1c8f6c7d10",
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "issuer": {"id": DID, "type": ["Profile"], "name": "Test School"},
        "validFrom": "2026-01-01T00:00:00Z",
        "name": "Sample award",
        "credentialSubject": {
            "type": ["AchievementSubject"],
            "achievement": {
                "id": "urn:uuid:2f9d2a31-60d4-4b5c-8cf4-0a7a6f4d3c55",
                "type": ["Achievement"],
                "name": "Sample achievement",
                "description": "Exists for a test.",
                "criteria": {"narrative": "None."},
            },
        },
    }
    return UnsecuredDocument({name: value for name, value in (document | changes).items() if value is not None})


def profile(key: PrivateKey = KEY, **changes: Any) -> SigningProfile:
    """The signing profile of a did:key."""
    values = {
        "issuer": str(did_key.create(key.public)),
        "verification_method": did_key.method_id(key.public),
        "cryptosuite": usual_suite(key.type),
    }
    return SigningProfile(**(values | changes))


def signed(document: UnsecuredDocument | None = None, *, key: PrivateKey = KEY, **changes: Any) -> dict[str, Any]:
    """The document with a proof by the key; changes are those of the profile."""
    return finished(
        secure(
            badge() if document is None else document,
            profile(key, **changes),
            HeldKeys({did_key.method_id(key.public): key}),
            vocabulary(NO_TRUST.contexts),
            created=CREATED,
        )
    )


def data(document: object) -> bytes:
    """A document as it would travel."""
    return json.dumps(document, ensure_ascii=False).encode()


async def material(document: object):
    """What is gathered for it."""
    return await gather(document, sources(), NO_TRUST)


def finished(coroutine):
    """The result of a coroutine that waits for nothing, as those over keys in memory do; also inside an event loop."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value
    coroutine.close()
    raise AssertionError("the coroutine waited")


def presentation(credential: dict[str, Any], *, holder: PrivateKey, challenge: str, domain: str) -> dict[str, Any]:
    """A presentation of the credential, signed by its holder for one verifier."""
    options = ProofOptions(
        cryptosuite=usual_suite(holder.type),
        verification_method=did_key.method_id(holder.public),
        created=CREATED,
        proof_purpose="authentication",
        challenge=challenge,
        domain=domain,
    )
    document = {
        "@context": CONTEXTS[:1],
        "type": ["VerifiablePresentation"],
        "holder": str(did_key.create(holder.public)),
        "verifiableCredential": [credential],
    }
    return add_proof(document, options, local_signer(holder), jsonld=vocabulary(NO_TRUST.contexts).jsonld)
