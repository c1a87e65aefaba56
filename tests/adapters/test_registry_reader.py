"""did:ethr read from a real chain through its nodes, with proofs that show the same again to somebody offline."""

import asyncio
import time
from types import SimpleNamespace

import pytest
from anvil_support import running_chain
from eth_hash.auto import keccak

from anchoring.block_bridge import HISTORY
from anchoring.checkpoint import TrustedBlock
from anchoring.registry_calls import ChangeOwner, RevokeAttribute, SetAttribute, call_data
from anchoring.storage_proof import Contract
from did_methods.curves import KeyType
from did_methods.did import parse_did
from did_methods.errors import DidMethodsError
from did_methods.ethr import EthrMethod, key_attribute
from did_methods.multikey import PrivateKey
from did_methods.resolution import Problem
from did_methods.versions import VersionQuery
from node.adapters import registry_reader
from node.adapters.json_rpc.client import JsonRpc
from node.adapters.json_rpc.reader import JsonRpcReader
from node.adapters.registry_reader import RegistryReader
from node.documents import parse
from node.verification.ethr_evidence import shown_by, vouched_for

pytestmark = pytest.mark.peer

KEYS = [PrivateKey.generate(KeyType.ED25519).public for _ in range(2)]
YEAR = 365 * 86_400
HOUR = 3600


@pytest.fixture(scope="module")
def told():
    """An identity that changed in two blocks, in one of them twice; final, some blocks ago."""
    with running_chain("--slots-in-an-epoch", "1", "--timestamp", str(int(time.time()) - HOUR)) as chain:
        chain.ask("anvil_setBlockTimestampInterval", 12)
        registry = chain.deploy("EthereumDIDRegistry")
        identity = chain.accounts[2]

        def send(*calls):
            for call in calls:
                chain.send(registry.address, call_data(call), sender=2)
            chain.ask("evm_mine")
            return chain.block().number

        first = send(SetAttribute(identity, *key_attribute(KEYS[0]), YEAR))
        chain.ask("anvil_mine", "0x3")
        second = send(
            SetAttribute(identity, *key_attribute(KEYS[1]), YEAR), RevokeAttribute(identity, *key_attribute(KEYS[0]))
        )
        chain.ask("anvil_mine", "0x4")
        yield SimpleNamespace(
            chain=chain,
            registry=registry,
            did=parse_did(f"did:ethr:0x7a69:0x{identity.hex()}"),
            identity=identity,
            blocks=(first, second),
            send=send,
        )


def reader(told, registry=None):
    contract = registry or told.registry
    node = JsonRpc(f"http://127.0.0.1:{told.chain.port}")
    return RegistryReader(JsonRpcReader(told.chain.chain, contract, [node], 1), contract)


def resolved(told, registry=None, **query):
    method = EthrMethod({31_337: reader(told, registry)}.get, parse, lambda: int(time.time()))
    asked = VersionQuery.read(*next(iter(query.items()))) if query else VersionQuery()
    return asyncio.run(method.resolve_version(told.did, asked))


def keys_in(document):
    return [entry["id"].partition("#")[2] for entry in document["verificationMethod"]]


def trusting(told, *numbers):
    hashes = {told.chain.block(number).hash: number for number in numbers}

    def trusted(header):
        number = hashes.get(header.hash)
        return None if number is None else TrustedBlock(told.chain.chain, number, header.hash)

    return trusted


@pytest.mark.threat(110)
def test_what_was_read_shows_itself_again_under_the_one_block(told):
    result = resolved(told)
    assert keys_in(result.document) == ["controller", "delegate-2"]
    first, second = told.blocks
    assert result.document_metadata["versionId"] == str(second)
    assert set(result.files) == {
        "changed",
        f"events-{first}",
        f"events-{second}",
        f"bridge-{first}",
        f"bridge-{second}",
    }
    final = told.chain.block("finalized").number
    evidence = shown_by(told.did, result.files, told.registry, trusting(told, final))
    assert [change.block.number for change in evidence.changes] == [first, second, second]
    with pytest.raises(DidMethodsError):
        shown_by(told.did, result.files, told.registry, trusting(told, first, second))
    unbridged = {name: data for name, data in result.files.items() if not name.startswith("bridge")}
    assert shown_by(told.did, unbridged, told.registry, trusting(told, first, second, final)) == evidence
    assert shown_by(told.did, unbridged, told.registry, vouched_for(told.chain.chain)) == evidence


def test_versions_are_proven_blocks(told):
    first, second = told.blocks
    assert keys_in(resolved(told, versionId=str(first)).document) == ["controller", "delegate-1"]
    assert keys_in(resolved(told, versionId=str(first - 1)).document) == ["controller"]
    assert keys_in(resolved(told, versionId=str(second + 1)).document) == ["controller", "delegate-2"]
    assert resolved(told, versionId="100000").problem is Problem.NOT_FOUND


def test_what_is_not_final_is_not_there_yet(told):
    before = resolved(told)
    told.send(ChangeOwner(told.identity, told.chain.accounts[4]))
    during = resolved(told)
    assert during.document == before.document
    told.chain.ask("anvil_mine", "0x4")
    after = resolved(told)
    assert after.document != before.document


def test_without_the_registry_there_is_no_answer(told):
    for wrong in (
        Contract(told.registry.address, keccak(b"other code")),
        Contract(b"\x11" * 20, told.registry.code_hash),
    ):
        result = resolved(told, registry=wrong)
        assert result.problem is Problem.INTERNAL_ERROR
        assert result.document is None


def test_a_chain_that_remembers_no_blocks_is_read_by_agreement(told):
    code = told.chain.ask("eth_getCode", "0x" + HISTORY.address.hex(), "latest")
    told.chain.ask("anvil_setCode", "0x" + HISTORY.address.hex(), "0x")
    told.chain.ask("anvil_mine", "0x4")
    try:
        result = resolved(told)
        assert result.document is not None
        assert not any(name.startswith("bridge") for name in result.files)
        assert shown_by(told.did, result.files, told.registry, vouched_for(told.chain.chain)).changes
    finally:
        told.chain.ask("anvil_setCode", "0x" + HISTORY.address.hex(), code)


def test_a_node_that_is_not_there(told):
    node = JsonRpc("http://127.0.0.1:9")
    lost = RegistryReader(JsonRpcReader(told.chain.chain, told.registry, [node], 1), told.registry)
    method = EthrMethod({31_337: lost}.get, parse, lambda: int(time.time()))
    result = asyncio.run(method.resolve(told.did))
    assert result.problem is Problem.INTERNAL_ERROR
    assert "127.0.0.1:9" in result.detail


def test_proofs_of_an_identity_are_bounded(told, monkeypatch):
    monkeypatch.setattr(registry_reader, "MAX_EVIDENCE_BYTES", 2000)
    result = resolved(told)
    assert result.problem is Problem.INTERNAL_ERROR
    assert "at most 2000" in result.detail
