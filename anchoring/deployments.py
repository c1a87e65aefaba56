"""What makes our contracts stand at the addresses at which they stand everywhere: bytes, and who takes them.

Spec: docs/adr/0015-one-address-on-every-chain.md, https://eips.ethereum.org/EIPS/eip-1014
"""

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final, Self

from anchoring.storage_proof import Contract

TRUST_ANCHOR: Final = "TrustAnchor"
REGISTRY: Final = "EthereumDIDRegistry"
"""That of did:ethr."""
CREATE_GAS: Final = 53_000
"""A transaction, and a contract made by it. https://eips.ethereum.org/EIPS/eip-2"""
CODE_GAS: Final = 200
"""For each byte of code that is stored."""
DATA_GAS: Final = 40
"""For each byte that is sent, at the most. https://eips.ethereum.org/EIPS/eip-7623"""


@dataclass(frozen=True, slots=True)
class Deployment:
    """What makes a contract stand at the address at which it stands everywhere."""

    contract: Contract
    factory: bytes
    data: bytes
    code_bytes: int

    @classmethod
    def named(cls, name: str) -> Self:
        """That of one of the contracts in `anchoring/artifacts`."""
        made = _artifact(name)
        return cls(
            Contract(_raw(made["address"]), _raw(made["codeHash"])),
            _raw(made["factory"]),
            _raw(made["salt"]) + _raw(made["initCode"]),
            len(_raw(made["runtimeCode"])),
        )

    @property
    def gas(self) -> int:
        """As much gas as it takes at the most, by today's rules."""
        return CREATE_GAS + CODE_GAS * self.code_bytes + DATA_GAS * len(self.data)


@dataclass(frozen=True, slots=True)
class KeylessDeployment:
    """The transaction that nobody signed, and what it needs."""

    contract: Contract
    sender: bytes
    cost: int
    transaction: bytes
    hash: bytes

    @classmethod
    def factory(cls) -> Self:
        """That of the factory which all other contracts come from."""
        made = _artifact("Create2Factory")
        transaction = made["transaction"]
        return cls(
            Contract(_raw(made["address"]), _raw(made["codeHash"])),
            _raw(transaction["sender"]),
            int(transaction["cost"], 16),
            _raw(transaction["raw"]),
            _raw(transaction["hash"]),
        )


@cache
def _artifact(name: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(files("anchoring").joinpath("artifacts", f"{name}.json").read_text("utf-8"))
    return read


def _raw(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))
