"""What an issuer whose identifier is an address of this node publishes of its keys, for SD-JWT VCs.

The keys are those of the DID document at the same place, so both say the same at any time.

Spec: https://www.ietf.org/archive/id/draft-ietf-oauth-sd-jwt-vc-13.html#section-4
"""

from typing import Final

from did_methods.multikey import KeyType
from node.documents import JsonObject
from node.issuance.did_documents import keys_of

ALGORITHMS: Final = {KeyType.ED25519: "EdDSA", KeyType.P256: "ES256", KeyType.P384: "ES384"}


def issuer_metadata(issuer: str, document: JsonObject) -> JsonObject | None:
    """The metadata of an issuer with the keys of its document; None where none of them signs tokens."""
    keys: list[JsonObject] = [
        {**key.to_jwk(), "kid": method, "alg": ALGORITHMS[key.type], "use": "sig"}
        for method, key in keys_of(document).items()
        if key.type in ALGORITHMS
    ]
    return {"issuer": issuer, "jwks": {"keys": [*keys]}} if keys else None
