"""Names of blank nodes that say nothing of what is hidden.

The canonical names are handed out in an order that depends on the whole document, so one of them that is shown would
tell of the rest. Hashes under a key of the issuer's tell nothing.

Spec: https://www.w3.org/TR/vc-di-ecdsa/#createhmacidlabelmapfunction,
https://www.w3.org/TR/vc-di-bbs/#createshuffledidlabelmapfunction
"""

import hmac
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Final

from did_methods.multibase import encode_base64url

KEY_BYTES: Final = 32
MAX_SETTLED: Final = 6
"""Blank nodes whose order is settled: the mean number of keys tried is the factorial, 720, which takes 2 ms."""
MAX_TRIED: Final = 50_000
"""Keys tried before one is taken as it comes; that many fail once in 10^30 credentials."""


def hmac_labels(canonical: Mapping[str, str], key: bytes) -> Mapping[str, str]:
    """From the identifiers of the input to the multibase HMAC-SHA-256 of their canonical names."""
    return {node: encode_base64url(hmac.digest(key, name.encode(), "sha256")) for node, name in canonical.items()}


def shuffled_labels(canonical: Mapping[str, str], key: bytes) -> Mapping[str, str]:
    """From the identifiers of the input to `b0`, `b1`, …, in the order of the HMACs of their canonical names."""
    hmacs = hmac_labels(canonical, key)
    return {node: f"b{index}" for index, node in enumerate(sorted(hmacs, key=lambda node: hmacs[node]))}


def settled_key(canonical: Mapping[str, str]) -> bytes:
    """A key under which the shuffled names follow the order of the document: the same for all documents of one shape.

    Names in an order of chance are the same in every proof that is derived from one credential, and differ from those
    of the next: ten of them identify one among millions, which is what BBS is to prevent. Names in the order of the
    document tell as little of what is hidden, and are alike for all who were awarded the same. The key is drawn like
    any other, and kept if it does that; beyond MAX_SETTLED nodes the first one is, and the names link.
    """
    nodes = sorted(canonical, key=lambda node: (len(node), node))  # n9 before n10: as `named` has numbered them
    names = [canonical[node].encode() for node in nodes]
    if len(names) > MAX_SETTLED:
        return secrets.token_bytes(KEY_BYTES)
    for _ in range(MAX_TRIED):
        key = secrets.token_bytes(KEY_BYTES)
        last = b""
        for name in names:
            # By the text in base64url, as the specification sorts, whose order is not that of the bytes.
            this = urlsafe_b64encode(hmac.digest(key, name, "sha256"))
            if this <= last:
                break
            last = this
        else:
            return key
    return secrets.token_bytes(KEY_BYTES)
