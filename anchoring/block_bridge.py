"""From one trusted block to an earlier one: a system contract keeps the hashes of the last 8,191 blocks in its storage.

Further back nothing needs to be bridged: what is anchored is written once, and is proven anew under a newer block.

Spec: https://eips.ethereum.org/EIPS/eip-2935
"""

from typing import Final

from anchoring.checkpoint import TrustedBlock
from anchoring.errors import UntrustedBlockError
from anchoring.storage_proof import ABSENT, Contract, StorageProof, proven

WINDOW: Final = 8191
"""How many blocks back the hashes reach, and how many slots they take turns in."""
HISTORY: Final = Contract(
    address=bytes.fromhex("0000f90827f1c53a10cb7a02335b175320002935"),
    code_hash=bytes.fromhex("6e49e66782037c0555897870e29fa5e552daf4719552131a0abce779daec0a5d"),
)
"""The system contract with the code that the specification gives."""


def slot_of(number: int) -> bytes:
    """The slot that the hash of a block stands in until its place is needed again."""
    return (number % WINDOW).to_bytes(32)


def earlier_block(trusted: TrustedBlock, proof: StorageProof, number: int) -> TrustedBlock:
    """The block with this number on the chain that the trusted block continues.

    Raises UntrustedBlockError outside the window, where the slot holds the hash of some other block, and the errors of
    storage proofs.
    """
    if not 1 <= trusted.number - number <= WINDOW or number < 0:
        raise _untrusted(
            f"block {number} is not among the {WINDOW} before block {trusted.number}",
            "bridge.window",
        )
    shown = proven(proof, block_hash=trusted.hash, contract=HISTORY, slots=[slot_of(number)])
    trusted.header(proof.header)
    block_hash = shown.words[slot_of(number)]
    if block_hash == ABSENT:
        raise _untrusted(f"the chain had not yet begun to keep hashes at block {number}", "bridge.unknown")
    return TrustedBlock(trusted.chain, number, block_hash)


def _untrusted(message: str, code: str) -> UntrustedBlockError:
    return UntrustedBlockError(
        message, code=code, remedy="Prove the same again under a newer block: what is anchored stays provable."
    )
