"""What every hash and every signature of this package says about what it covers: one tag each, all different.

A tag stands at the head of the hashed or signed bytes, so that nothing made for one purpose can serve another. A change
of what follows a tag takes a new version of it. The contract's own tags (`glejt/namespace/v1`, `glejt/recovery/v1`) are
hashed on chain and are listed with its storage in `anchoring.layout`.
"""

from typing import Final

LEAF: Final = b"glejt/leaf/v1"
"""SHA-256: 0x00, tag, salt (32 bytes), commitment (32 bytes)."""
PADDING: Final = b"glejt/padding/v1"
"""SHA-256: 0x00, tag, secret (32 bytes), number (uint64). Stands where a batch has no leaf."""
ANCHORED: Final = b"glejt/anchored/v1"
"""SHA-256: tag, size of the tree (uint64), root (32 bytes). The value that goes on chain."""
CHECKPOINT: Final = b"glejt/checkpoint/v1"
"""First item of the CBOR that the signers of a checkpoint sign."""
SIGNED_CHECKPOINT: Final = b"glejt/signed-checkpoint/v1"
"""First item of the CBOR of a checkpoint with its signatures."""
RECEIPT: Final = b"glejt/receipt/v1"
"""First item of the CBOR of a receipt."""
STORAGE_PROOF: Final = b"glejt/storage-proof/v1"
"""First item of the CBOR of a storage proof that travels on its own."""
EVENT_PROOF: Final = b"glejt/event-proof/v1"
"""First item of the CBOR of a receipts-trie proof."""
BLOCK_EVENTS: Final = b"glejt/block-events/v1"
"""First item of the CBOR of the proof of all receipts of a block."""
CALL: Final = b"glejt/call/v1"
"""First item of the CBOR of a signed call of the contract."""
STATUS_LIST: Final = b"glejt/status-list/v1"
"""SHA-256: tag, address of a status list (UTF-8). The id under which heads of the list stand."""
SUBJECT: Final = b"glejt/accredited/v1"
"""SHA-256: tag, identifier of who is accredited (UTF-8). The id under which accreditations of it stand."""
SCOPE: Final = b"glejt/scope/v1"
"""SHA-256: tag, RFC 8785 form of what an accreditation is for. The id under which accreditations for it stand."""
