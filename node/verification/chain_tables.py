"""The chains in a trust file: tables that keep to the schema, read into what a verifier trusts."""

from collections.abc import Callable, Iterator
from typing import Final

from anchoring.checkpoint import Chain, CheckpointTrust, TrustedBlock
from anchoring.storage_proof import Contract
from did_methods.errors import DidMethodsError
from did_methods.multikey import PublicKey
from node.documents import JsonObject, JsonValue
from node.verification.chains import ChainKind, TrustedChain, usual_contract, usual_quorum
from node.verification.checkpoint_signers import signer_of
from node.verification.errors import TrustError
from node.verification.identity_registries import registry_on
from node.verification.toml_file import text_of

_ONE: Final = "Keep one of them; which would count could not be told."

type Wrong = Callable[[str, str, str, str], TrustError]
"""The error about a trust file: what is wrong, its code, the remedy, and the key."""


def read_chains(tables: list[JsonObject], wrong: Wrong) -> tuple[TrustedChain, ...]:
    """The chains that these tables describe, each number and each name once."""
    found: list[TrustedChain] = []
    for index, table in enumerate(tables):
        path = f"chains[{index}]"
        chain = _chain(table, path, wrong)
        if any(chain.chain.id == other.chain.id for other in found):
            raise wrong(f"two chains have the number {chain.chain.id}", "trust.duplicate", _ONE, f"{path}.id")
        if any(chain.name == other.name for other in found):
            raise wrong(f"two chains are named “{chain.name}”", "trust.duplicate", _ONE, f"{path}.name")
        found.append(chain)
    return tuple(found)


def _chain(table: JsonObject, path: str, wrong: Wrong) -> TrustedChain:
    chain = Chain(_number(table, "id"), _bytes(table, "genesis"))
    usual = usual_contract()
    contract = Contract(
        _bytes(table, "contract") if "contract" in table else usual.address,
        _bytes(table, "code_hash") if "code_hash" in table else usual.code_hash,
    )
    rpc = _texts(table, "rpc")
    quorum = _number(table, "quorum") if "quorum" in table else usual_quorum(len(rpc))
    if quorum > len(rpc) and "quorum" in table:
        raise wrong(
            f"{quorum} of {len(rpc)} nodes cannot agree",
            "trust.chain",
            "Name as many nodes under rpc as have to agree, or more; one of them alone can lie.",
            f"{path}.quorum",
        )
    light_client = table.get("light_client") is True
    if light_client and len(rpc) != 1:
        raise wrong(
            f"a light client among {len(rpc)} nodes",
            "trust.chain",
            "Name the light client alone under rpc: it agrees with the consensus of its chain, not with other nodes.",
            f"{path}.light_client",
        )
    return TrustedChain(
        text_of(table, "name"),
        chain,
        ChainKind(text_of(table, "kind")),
        contract,
        rpc,
        quorum,
        _checkpoints(table, chain, f"{path}.checkpoints", wrong),
        tuple(_blocks(table, chain, path, wrong)),
        registry_on(
            chain.id,
            _bytes(table, "registry") if "registry" in table else None,
            _bytes(table, "registry_code_hash") if "registry_code_hash" in table else None,
        ),
        _texts(table, "mirrors"),
        light_client,
    )


def _checkpoints(table: JsonObject, chain: Chain, path: str, wrong: Wrong) -> CheckpointTrust | None:
    told = table.get("checkpoints")
    if not isinstance(told, dict):
        return None
    keys: set[bytes] = set()
    for index, text in enumerate(_texts(told, "keys")):
        place = f"{path}.keys[{index}]"
        try:
            signer = signer_of(PublicKey.from_multibase(text))
        except DidMethodsError as error:
            raise wrong(str(error), "trust.chain", error.remedy, place) from error
        if signer in keys:
            raise wrong("this key is there twice, and would sign as one", "trust.duplicate", _ONE, place)
        keys.add(signer)
    threshold = _number(told, "threshold")
    if threshold > len(keys):
        raise wrong(
            f"{threshold} of {len(keys)} signers cannot sign",
            "trust.chain",
            "Name as many keys as it takes, or more.",
            f"{path}.threshold",
        )
    return CheckpointTrust(chain, frozenset(keys), threshold)


def _blocks(table: JsonObject, chain: Chain, path: str, wrong: Wrong) -> Iterator[TrustedBlock]:
    listed = table.get("blocks")
    seen: set[int] = set()
    for index, block in enumerate(listed if isinstance(listed, list) else []):
        if isinstance(block, dict):
            number = _number(block, "number")
            if number in seen:
                place = f"{path}.blocks[{index}].number"
                raise wrong(f"block {number} is pinned twice", "trust.duplicate", _ONE, place)
            seen.add(number)
            yield TrustedBlock(chain, number, _bytes(block, "hash"))


def _number(table: JsonObject, key: str) -> int:
    value = table[key]
    if not isinstance(value, int):
        raise TypeError(f"the schema let {key} through as {type(value).__name__}")
    return value


def _bytes(table: JsonObject, key: str) -> bytes:
    return bytes.fromhex(text_of(table, key).removeprefix("0x"))


def _texts(table: JsonObject, key: str) -> tuple[str, ...]:
    values: JsonValue = table.get(key) or []
    return tuple([value for value in values if isinstance(value, str)]) if isinstance(values, list) else ()
