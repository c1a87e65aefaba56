"""Checkpoints: a block that some signers vouch for, so that a verifier needs no node of the chain and no network.

Which signers count, and how many of them it takes, is the verifier's own setting. How a signature is checked is handed
in: this package knows no keys.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Self

from anchoring import cbor, tags
from anchoring.errors import CheckpointError, UntrustedBlockError, shown
from anchoring.header import Header

type SignatureCheck = Callable[[bytes, bytes, bytes], bool]
"""Whether a signer's key, some bytes and a signature belong together."""

HASH_BYTES: Final = 32
MAX_BYTES: Final = 16 * 1024
MAX_SIGNATURES: Final = 32
"""More signers than anyone appoints."""
CLOCK_SKEW: Final = timedelta(seconds=120)
"""How far a verifier's clock may be behind a block's time."""
_REMEDY: Final = "Ask whoever publishes the checkpoint for a new one."


@dataclass(frozen=True, slots=True)
class Chain:
    """A chain, by the number that its transactions carry and by its first block: numbers are chosen freely."""

    id: int
    genesis: bytes


@dataclass(frozen=True, slots=True)
class TrustedBlock:
    """A block that the verifier takes as final on its chain; whoever makes one vouches for that."""

    chain: Chain
    number: int
    hash: bytes

    def header(self, data: bytes) -> Header:
        """The block's header out of its bytes; raises HeaderError, or CheckpointError where the numbers differ."""
        header = Header.trusted(data, self.hash)
        if header.number != self.number:
            raise _error(
                f"block {shown(self.hash)} has the number {header.number}, not {self.number}", "checkpoint.conflict"
            )
        return header


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What the signers say: this is a final block of this chain."""

    chain: Chain
    number: int
    hash: bytes
    timestamp: int
    """The block's own time, in seconds since 1970."""
    expires: int
    """From then on nobody should rely on it: a newer one is to be had."""

    def __post_init__(self) -> None:
        if len(self.hash) != HASH_BYTES or len(self.chain.genesis) != HASH_BYTES:
            raise _error(f"{shown(self.hash)} or {shown(self.chain.genesis)} is no hash of a block", "checkpoint.shape")
        if self.expires <= self.timestamp:
            raise _error(f"it expires at {self.expires}, before its block's time", "checkpoint.time")

    def encode(self) -> bytes:
        """The bytes that every signer signs."""
        return cbor.encode(
            [
                tags.CHECKPOINT,
                self.chain.id,
                self.chain.genesis,
                self.number,
                self.hash,
                self.timestamp,
                self.expires,
            ]
        )

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """The checkpoint that `encode` wrote; raises CborError and CheckpointError."""
        chain_id, genesis, number, block_hash, timestamp, expires = cbor.tagged(
            data, tags.CHECKPOINT, 6, max_bytes=MAX_BYTES
        )
        return cls(
            Chain(cbor.as_integer(chain_id), cbor.as_bytes(genesis)),
            cbor.as_integer(number),
            cbor.as_bytes(block_hash),
            cbor.as_integer(timestamp),
            cbor.as_integer(expires),
        )


@dataclass(frozen=True, slots=True)
class SignedCheckpoint:
    """A checkpoint's bytes and who signed them."""

    signed: bytes
    signatures: tuple[tuple[bytes, bytes], ...]
    """Key and signature of each signer, in the order of the keys."""

    @classmethod
    def of(cls, checkpoint: Checkpoint, signatures: Iterable[tuple[bytes, bytes]]) -> Self:
        """Join a checkpoint with the signatures that were made over `checkpoint.encode()`."""
        return cls(checkpoint.encode(), tuple(sorted(signatures)))

    def encode(self) -> bytes:
        """The signed checkpoint as CBOR."""
        return cbor.encode([tags.SIGNED_CHECKPOINT, self.signed, [list(pair) for pair in self.signatures]])

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """The signed checkpoint that `encode` wrote; raises CborError, and CheckpointError for signers out of order."""
        signed, listed = cbor.tagged(data, tags.SIGNED_CHECKPOINT, 2, max_bytes=MAX_BYTES)
        pairs = []
        for pair in cbor.as_list(listed):
            key, signature = map(cbor.as_bytes, cbor.as_list(pair, 2))
            pairs.append((key, signature))
        keys = [key for key, _ in pairs]
        if len(keys) > MAX_SIGNATURES or keys != sorted(set(keys)):
            raise _error(
                f"{len(keys)} signatures; at most {MAX_SIGNATURES}, one per key, in the order of the keys",
                "checkpoint.signers",
            )
        return cls(cbor.as_bytes(signed), tuple(pairs))


@dataclass(frozen=True, slots=True)
class CheckpointTrust:
    """Whose checkpoints of which chain count: at least `threshold` of these keys have to have signed.

    Keys are opaque here but for being compared, so the caller gives each in one encoding only.
    """

    chain: Chain
    keys: frozenset[bytes]
    threshold: int

    def __post_init__(self) -> None:
        # A threshold of none would trust whatever comes.
        if not 1 <= self.threshold <= len(self.keys):
            raise CheckpointError(
                f"{self.threshold} of {len(self.keys)} signers; at least 1 and at most all of them have to sign",
                code="checkpoint.signers",
                remedy="Set the number of signers that it takes to between 1 and the number of trusted keys.",
            )

    def accept(self, received: SignedCheckpoint, *, check: SignatureCheck, at: datetime) -> TrustedBlock:
        """The block that enough of the trusted signers vouch for; raises CheckpointError and UntrustedBlockError.

        Signatures of other keys are passed over, and so is a wrong one of a trusted key: it is as good as none.

        1. The bytes are a checkpoint of the right chain.
        2. Enough different trusted keys signed exactly these bytes.
        3. It has not expired, and its block does not lie ahead.
        """
        checkpoint = Checkpoint.decode(received.signed)  # 1
        if checkpoint.chain != self.chain:
            raise _error(
                f"it is about chain {checkpoint.chain.id} with the first block {shown(checkpoint.chain.genesis)}, "
                f"not about chain {self.chain.id} with {shown(self.chain.genesis)}",
                "checkpoint.conflict",
            )
        signers = {
            key for key, signature in received.signatures if key in self.keys and check(key, received.signed, signature)
        }  # 2
        if len(signers) < self.threshold:
            raise _untrusted(
                f"{len(signers)} of the trusted keys signed it; it takes {self.threshold}", "checkpoint.threshold"
            )
        now = at.timestamp()  # 3
        if now >= checkpoint.expires:
            said = datetime.fromtimestamp(checkpoint.expires, UTC).isoformat()
            raise _untrusted(f"the checkpoint expired at {said}", "checkpoint.expired")
        if checkpoint.timestamp > now + CLOCK_SKEW.total_seconds():
            raise _untrusted("its block lies ahead of this machine's clock", "checkpoint.future")
        return TrustedBlock(checkpoint.chain, checkpoint.number, checkpoint.hash)


def _error(message: str, code: str) -> CheckpointError:
    return CheckpointError(message, code=code, remedy=_REMEDY)


def _untrusted(message: str, code: str) -> UntrustedBlockError:
    return UntrustedBlockError(message, code=code, remedy=_REMEDY)
