"""Errors of trees, proofs, checkpoints and receipts.

AnchoringError
├── InvalidError              what was handed over is wrong
│   ├── CborError             cbor.{too_long, syntax, type, not_canonical, shape}
│   ├── RlpError              rlp.{too_long, truncated, not_canonical, too_deep, surplus, too_large}
│   ├── MerkleError           merkle.{length, size, index, path, unknown_leaf, root}
│   ├── HeaderError           header.{too_long, rlp, fields, field, hash}
│   ├── TrieProofError        trie_proof.{too_long, too_many, missing, mismatch, surplus, node, key}
│   ├── StorageProofError     storage_proof.{key, absent_account, account, code_hash, value}
│   ├── EventProofError       event_proof.{index, receipt, registry}
│   ├── FactError             fact.{value, index}
│   ├── CallError             call.{value, zero, period, deadline, signature, unsigned, shape, too_large, too_many,
│   │   │                     same_key}
│   │   └── RefusedError      refused.* (the contract's errors, see anchoring.refusals)
│   ├── CheckpointError       checkpoint.{shape, time, signers, conflict}
│   └── ReceiptError          receipt.{shape, root, fact, foreign, conflict}
├── TransactionError          transaction.{signer, other_key, other_fields, store, other_chain, full, lease_lost,
│                             deployment}
├── EmbeddedChainError        devchain.{extra, folder, busy, foreign, damaged, unreadable, unwritable, clock, block,
│                             closed}
└── IndeterminateError        could not be checked
    ├── EndpointError         endpoint.{unreachable, nonce_too_low, underpriced, already_known, no_funds, rejected,
    │                         reverted}
    ├── UntrustedBlockError   checkpoint.{threshold, expired, future}, bridge.{window, unknown}
    └── UnprovenError         fact.later, receipt.{not_final, absent}, ledger.unknown_block

Every error carries a stable `code` and a `remedy` for the reader.
"""

from typing import Final

# A message quotes what came in, but a hostile value must not fill a log or a screen.
MAX_SHOWN_BYTES: Final = 32


def shown(data: bytes) -> str:
    """A bounded, printable form of received bytes for an error message."""
    text = "0x" + data[:MAX_SHOWN_BYTES].hex()
    return text if len(data) <= MAX_SHOWN_BYTES else f"{text}… ({len(data)} bytes)"


class AnchoringError(Exception):
    """Something about an anchor cannot be used."""

    def __init__(self, message: str, *, code: str, remedy: str) -> None:
        super().__init__(message)
        self.code = code
        self.remedy = remedy


class InvalidError(AnchoringError):
    """What was handed over is wrong."""


class CborError(InvalidError):
    """Bytes are not the one deterministic encoding of a value of the few types used here."""


class RlpError(InvalidError):
    """Bytes are not the one RLP encoding of an item."""


class MerkleError(InvalidError):
    """A leaf, a size, an index or an audit path does not fit."""


class HeaderError(InvalidError):
    """Bytes are not a block header, or not the one with the trusted hash."""


class TrieProofError(InvalidError):
    """Nodes do not prove a key's value, or its absence, under a root."""


class StorageProofError(InvalidError):
    """A proof does not show the storage of the contract it should."""


class EventProofError(InvalidError):
    """A proof does not show a transaction's receipt."""


class FactError(InvalidError):
    """Proven slots do not hold what the contract can have written."""


class CallError(InvalidError):
    """A call that the contract would never take."""


class RefusedError(CallError):
    """A call that the contract does not take as things stand."""


class CheckpointError(InvalidError):
    """A checkpoint is malformed, or contradicts another."""


class ReceiptError(InvalidError):
    """A receipt is malformed, is about something else, or contradicts another."""


class TransactionError(AnchoringError):
    """A transaction cannot be made or kept here."""


class EmbeddedChainError(AnchoringError):
    """The chain in a folder of this machine cannot be opened, read or continued."""


class IndeterminateError(AnchoringError):
    """Something could not be checked."""


class EndpointError(IndeterminateError):
    """A node of the chain did not do what a sender asked of it; `anchoring.transactions.endpoint` has one for each."""

    code = "endpoint.failed"
    remedy = "Try another node."

    def __init__(self, message: str) -> None:
        super().__init__(message, code=self.code, remedy=self.remedy)


class UntrustedBlockError(IndeterminateError):
    """No trust reaches a block."""


class UnprovenError(IndeterminateError):
    """The proof at hand does not reach what is asked; another one may."""
