"""Keccak-256, the hash of the EVM; everything off chain is hashed with SHA-256, which is ten times faster."""

from collections.abc import Callable
from functools import cache
from typing import Any


def keccak256(data: bytes) -> bytes:
    """The Keccak-256 digest, with the padding of before SHA-3 was fixed."""
    digest: bytes = _new()(digest_bits=256, data=data).digest()
    return digest


@cache
def _new() -> Callable[..., Any]:
    """The library's constructor. Loading it takes 40 ms, which whoever verifies no storage proof is spared."""
    from Crypto.Hash import keccak  # noqa: PLC0415 - loaded where it is first needed, as said above

    return keccak.new
