"""The committed bytes at the addresses that follow from them, on a chain that nobody prepared."""

import json
from importlib.resources import files

import pytest
import rlp
from anvil_support import ARTIFACTS, BINARIES, SETUP, ChainError, call_data, running_chain
from eth_hash.auto import keccak

CONTRACTS = ("TrustAnchor", "EthereumDIDRegistry")
FORKS = ("shanghai", "cancun", "prague", "osaka")


def artifact(name):
    return json.loads(files("anchoring").joinpath("artifacts", f"{name}.json").read_text("utf-8"))


def raw(text):
    return bytes.fromhex(text.removeprefix("0x"))


FACTORY = artifact("Create2Factory")


def deploy_factory(chain):
    """Fund the sender that nobody is, and send the transaction that nobody signed."""
    transaction = FACTORY["transaction"]
    chain.ask("anvil_setBalance", transaction["sender"], transaction["cost"])
    sent = chain.ask("eth_sendRawTransaction", transaction["raw"])
    chain.ask("evm_mine")
    return sent, chain.ask("eth_getTransactionReceipt", sent)


@pytest.fixture(params=FORKS)
def chain(request):
    with running_chain("--disable-default-create2-deployer", "--hardfork", request.param) as started:
        yield started


@pytest.mark.peer
def test_the_same_addresses_and_code_under_every_fork(chain):
    sent, receipt = deploy_factory(chain)
    assert sent == FACTORY["transaction"]["hash"]
    assert (receipt["status"], receipt["from"]) == ("0x1", FACTORY["transaction"]["sender"].lower())
    assert receipt["contractAddress"] == FACTORY["address"].lower()
    assert keccak(raw(chain.ask("eth_getCode", FACTORY["address"], "latest"))) == raw(FACTORY["codeHash"])
    for name in CONTRACTS:
        contract = artifact(name)
        assert contract["factory"] == FACTORY["address"]
        made = chain.transact(raw(FACTORY["address"]), raw(contract["salt"]) + raw(contract["initCode"]))
        code = raw(chain.ask("eth_getCode", contract["address"], "latest"))
        assert code == raw(contract["runtimeCode"])
        assert keccak(code) == raw(contract["codeHash"])
        # EIP-7825 caps a transaction at 2^24 gas, and a block of a small chain may be smaller still.
        assert int(made["gasUsed"], 16) < 2**22
        with pytest.raises(ChainError, match="revert"):
            chain.transact(raw(FACTORY["address"]), raw(contract["salt"]) + raw(contract["initCode"]))


@pytest.mark.peer
def test_the_factory_leaves_room_for_dearer_rules():
    with running_chain("--disable-default-create2-deployer") as chain:
        _, receipt = deploy_factory(chain)
        assert int(receipt["gasUsed"], 16) * 5 < int(FACTORY["transaction"]["cost"], 16) // 10**11


def test_the_transaction_is_the_one_it_says():
    nonce, price, limit, to, value, code, v, r, s = rlp.decode(raw(FACTORY["transaction"]["raw"]))
    assert (nonce, to, value, int.from_bytes(v)) == (b"", b"", b"", 27), "unprotected: the same on every chain"
    assert code == raw(FACTORY["initCode"])
    assert r == s == b"This was signed by nobody: glejt", "a sentence: nobody chose it for a key"
    assert int.from_bytes(price) * int.from_bytes(limit) == int(FACTORY["transaction"]["cost"], 16)
    assert keccak(raw(FACTORY["transaction"]["raw"])) == raw(FACTORY["transaction"]["hash"])
    first = keccak(rlp.encode([raw(FACTORY["transaction"]["sender"]), b""]))[-20:]
    assert first == raw(FACTORY["address"])


@pytest.mark.parametrize("name", CONTRACTS)
def test_the_address_follows_from_factory_salt_and_code(name):
    contract = artifact(name)
    made = keccak(b"\xff" + raw(FACTORY["address"]) + raw(contract["salt"]) + keccak(raw(contract["initCode"])))
    assert made[-20:] == raw(contract["address"])
    assert keccak(raw(contract["runtimeCode"])) == raw(contract["codeHash"])


@pytest.mark.parametrize("name", ["Create2Factory", *CONTRACTS])
def test_the_code_is_the_same_bytes_everywhere(name):
    contract = artifact(name)
    assert contract["compiler"]["metadata"] == {"bytecodeHash": "none", "appendCBOR": False}
    assert raw(contract["initCode"]).endswith(raw(contract["runtimeCode"])), "nothing is filled in while deploying"


@pytest.mark.threat(94)
def test_nothing_administers_the_contract():
    contract = artifact("TrustAnchor")
    writes = {
        f["name"] for f in contract["abi"] if f["type"] == "function" and f["stateMutability"] not in {"view", "pure"}
    }
    assert writes == {
        *("open", "anchor", "anchorFor", "setHead", "setHeadFor", "accredit", "accreditFor"),
        *("revokeAccreditation", "revokeAccreditationFor", "rotate", "rotateFor"),
        *("requestRecovery", "requestRecoveryFor", "cancelRecovery", "cancelRecoveryFor", "completeRecovery"),
    }
    assert not [entry for entry in contract["abi"] if entry["type"] in {"constructor", "fallback", "receive"}]
    assert not [f for f in contract["abi"] if f.get("stateMutability") == "payable"]
    opcodes = set(_opcodes(raw(contract["runtimeCode"])))
    # CALL CALLCODE DELEGATECALL CREATE CREATE2 SELFDESTRUCT: nothing in it can call out, be replaced or go away.
    assert not opcodes & {0xF1, 0xF2, 0xF4, 0xF0, 0xF5, 0xFF}
    assert 0xFA in opcodes, "the one question to a wallet, a STATICCALL"


def _opcodes(code):
    position = 0
    while position < len(code):
        opcode = code[position]
        yield opcode
        position += 1 + (opcode - 0x5F if 0x60 <= opcode <= 0x7F else 0)


@pytest.mark.peer
def test_the_domain_is_told_by_the_contract():
    with running_chain() as chain:
        contract = chain.deploy("TrustAnchor")
        call = {"to": "0x" + contract.address.hex(), "data": "0x" + call_data("eip712Domain()").hex()}
        told = chain.ask("eth_call", call, "latest")
        assert b"glejt TrustAnchor" in raw(told)
        assert raw(told)[:1] == b"\x0f"


def _interface(abi):
    def shape(entry):
        inputs = tuple((i["type"], i.get("indexed", False)) for i in entry.get("inputs", ()))
        outputs = tuple(o["type"] for o in entry.get("outputs", ()))
        return entry["type"], entry.get("name"), entry.get("stateMutability"), inputs, outputs

    return {shape(entry) for entry in abi if entry["type"] in {"function", "event"}}


@pytest.mark.peer
def test_the_registry_has_the_interface_of_the_deployed_one():
    package = BINARIES.parent / "ethr-did-registry" / "artifacts" / "contracts" / "EthereumDIDRegistry.sol"
    if not package.is_dir():
        pytest.skip(f"the deployed registry's interface is absent: run `{SETUP}`")
    theirs = json.loads((package / "EthereumDIDRegistry.json").read_text("utf-8"))
    assert _interface(artifact("EthereumDIDRegistry")["abi"]) == _interface(theirs["abi"])


def test_artifacts_are_where_tests_and_package_look():
    assert {path.name for path in ARTIFACTS.glob("*.json")} == {f"{n}.json" for n in ("Create2Factory", *CONTRACTS)}
