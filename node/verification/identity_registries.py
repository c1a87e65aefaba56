"""Where the registry of identities of ERC-1056 stands on a chain, which did:ethr reads.

On some chains everybody reads the same one; another one there would give identifiers other documents than they have.
What code those have is for the verifier to say: it differs from ours, which stands at one address on all other chains.

Spec: https://github.com/uport-project/ethr-did-registry#contract-deployments
"""

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Final

from anchoring.storage_proof import Contract

_FIRST: Final = bytes.fromhex("dca7ef03e98e0dc2b855be647c39abe984fcf21b")
_LATER: Final = bytes.fromhex("03d5003bf0e79c5f5223588f347eba39afbc3818")
DEPLOYED: Final[Mapping[int, bytes]] = MappingProxyType(
    {
        1: _FIRST,
        100: _LATER,
        137: _FIRST,
        246: bytes.fromhex("e29672f34e92b56c9169f9d485ffc8b9a136bce4"),
        17_000: _LATER,
        59_140: _LATER,
        73_799: bytes.fromhex("c15d5a57a8eb0e1dcbe5d88b8f9a82017e5cc4af"),
        80_001: _FIRST,
        246_529: _FIRST,
        246_785: _FIRST,
        11_155_111: _LATER,
        1_313_161_554: bytes.fromhex("63ed58b671eed12bc1652845ba5b2cdfbff198e0"),
    }
)
"""The registries that everybody reads, by the number of the chain."""


def registry_on(chain_id: int, address: bytes | None = None, code_hash: bytes | None = None) -> Contract | None:
    """The registry of a chain, with the address and the code that the verifier says, or the usual ones.

    None where everybody reads a registry whose code the verifier has not said.
    """
    ours = _ours()
    place = address or DEPLOYED.get(chain_id, ours.address)
    if code_hash is None and chain_id in DEPLOYED and place == DEPLOYED[chain_id]:
        return None
    return Contract(place, code_hash or ours.code_hash)


@cache
def _ours() -> Contract:
    artifact = json.loads(files("anchoring").joinpath("artifacts", "EthereumDIDRegistry.json").read_text("utf-8"))
    return Contract(bytes.fromhex(artifact["address"][2:]), bytes.fromhex(artifact["codeHash"][2:]))
