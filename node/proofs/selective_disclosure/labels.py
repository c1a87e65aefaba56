"""Names of blank nodes that say nothing of what is hidden.

The canonical names are handed out in an order that depends on the whole document, so one of them that is shown would
tell of the rest. Hashes under a key of the issuer's tell nothing.

Spec: https://www.w3.org/TR/vc-di-ecdsa/#createhmacidlabelmapfunction,
https://www.w3.org/TR/vc-di-bbs/#createshuffledidlabelmapfunction
"""

import hmac
from collections.abc import Mapping

from did_methods.multibase import encode_base64url


def hmac_labels(canonical: Mapping[str, str], key: bytes) -> Mapping[str, str]:
    """From the identifiers of the input to the multibase HMAC-SHA-256 of their canonical names."""
    return {node: encode_base64url(hmac.digest(key, name.encode(), "sha256")) for node, name in canonical.items()}


def shuffled_labels(canonical: Mapping[str, str], key: bytes) -> Mapping[str, str]:
    """From the identifiers of the input to `b0`, `b1`, …, in the order of the HMACs of their canonical names."""
    hmacs = hmac_labels(canonical, key)
    return {node: f"b{index}" for index, node in enumerate(sorted(hmacs, key=lambda node: hmacs[node]))}
