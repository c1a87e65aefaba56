"""Chains that a verifier knows: which they are, by whom their blocks are known, and where the contract stands on them.

A number alone names no chain: anybody can run one with any number. So the first block is part of its name, and the code
of the contract is known by its hash.

Spec: https://chainagnostic.org/CAIPs/caip-2, docs/adr/0015-one-address-and-one-code-hash-on-every-chain.md
"""

import json
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Final

from anchoring.checkpoint import Chain, CheckpointTrust, TrustedBlock
from anchoring.devchain.label import is_embedded
from anchoring.storage_proof import Contract

TEST_CHAINS: Final = frozenset({5, 1337, 17_000, 31_337, 80_002, 84_532, 421_614, 560_048, 11_155_111, 11_155_420})
"""Numbers that networks for tests are run under; what is on them proves nothing."""


class ChainKind(StrEnum):
    """What it is worth that something stands on a chain."""

    PUBLIC = "public"
    TEST = "test"
    """Given up at any time, and rewritten at will: proves nothing to anybody."""
    LOCAL = "local"
    """The verifier's own: proves as much as the verifier trusts whoever runs it."""


@dataclass(frozen=True, slots=True)
class TrustedChain:
    """A chain as a verifier's trust file describes it.

    `rpc` are addresses of nodes, of which `quorum` have to agree on a block; `blocks` are pinned ones. `registry` is
    the one that did:ethr is read from; without it, identifiers on the chain are not read. `mirrors` are addresses below
    which status lists are found by their CIDs. `light_client` says that the one node is a light client, which follows
    the consensus of the chain by itself, and keeps no first block.
    """

    name: str
    chain: Chain
    kind: ChainKind
    contract: Contract
    rpc: tuple[str, ...] = ()
    quorum: int = 1
    checkpoints: CheckpointTrust | None = None
    blocks: tuple[TrustedBlock, ...] = ()
    registry: Contract | None = None
    mirrors: tuple[str, ...] = ()
    light_client: bool = False

    @property
    def caip(self) -> str:
        """The chain, as CAIP-2 writes it."""
        return caip(self.chain.id)


def is_test_network(chain_id: int, kind: ChainKind | None) -> bool:
    """Whether nothing on a chain counts; `kind` is what the verifier calls it, None where it does not know it.

    An embedded chain is one's own, or nothing: whatever else a verifier calls it, by its number it is no public one.
    """
    if kind is None:
        return chain_id in TEST_CHAINS or is_embedded(chain_id)
    return kind is ChainKind.TEST or (kind is not ChainKind.LOCAL and is_embedded(chain_id))


def caip(chain_id: int) -> str:
    """An EVM chain, as CAIP-2 writes it."""
    return f"eip155:{chain_id}"


@cache
def usual_contract() -> Contract:
    """The contract where it stands on every chain, with its code."""
    artifact = json.loads(files("anchoring").joinpath("artifacts", "TrustAnchor.json").read_text("utf-8"))
    return Contract(bytes.fromhex(artifact["address"][2:]), bytes.fromhex(artifact["codeHash"][2:]))


def usual_quorum(nodes: int) -> int:
    """How many of these nodes have to agree where nothing else is said: more than half."""
    return nodes // 2 + 1
