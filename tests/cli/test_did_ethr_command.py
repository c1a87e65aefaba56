"""did:ethr at the command line: made without a chain, read from one, and judged by its keys."""

import json
import time
from types import SimpleNamespace

import pytest
from anvil_support import running_chain
from running import glejt
from verification_support import credential, party

from anchoring.registry_calls import RevokeAttribute, SetAttribute, call_data
from did_methods.did import parse_did
from did_methods.ethr import controller_key_id, key_attribute

FIRST, SECOND = party(51), party(52)
YEAR = 365 * 86_400


def made(folder, *options):
    out = folder / "owner.json"
    return glejt(folder, "did", "create", "--method", "ethr", "--no-passphrase", "--out", str(out), *options), out


def test_a_key_that_owns_an_identity(tmp_path):
    run, out = made(tmp_path, "--network", "sepolia")
    assert run.returncode == 0, run.stderr
    did = parse_did(run.stdout.strip())
    assert str(did).startswith("did:ethr:sepolia:0x0")
    assert json.loads(out.read_text())["id"] == controller_key_id(did)
    assert "owns the DID" in run.stderr
    again, _ = made(tmp_path)
    assert (again.returncode, again.stdout) == (2, "")


@pytest.mark.parametrize(
    "options",
    [
        ("--network", "nowhere"),
        ("--type", "ed25519"),
        ("--domain", "example.org"),
    ],
)
def test_what_is_asked_for_in_vain(tmp_path, options):
    run, out = made(tmp_path, *options)
    assert (run.returncode, run.stdout, out.exists()) == (2, "", False)
    assert run.stderr


def test_a_network_is_for_this_method_alone(tmp_path):
    run = glejt(tmp_path, "did", "create", "--network", "sepolia", "--no-passphrase", "--out", "key.json")
    assert (run.returncode, run.stdout) == (2, "")


def test_without_a_node_of_the_chain_it_cannot_be_told(tmp_path):
    run = glejt(tmp_path, "did", "resolve", f"did:ethr:0x{'ab' * 20}")
    assert (run.returncode, run.stdout) == (20, "")
    assert "trust file" in run.stderr
    assert glejt(tmp_path, "did", "resolve", "did:ethr:0xab").returncode == 2


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """An identity on a chain, in which one key took the place of another; and a trust file that names the chain."""
    with running_chain("--slots-in-an-epoch", "1", "--timestamp", str(int(time.time()) - 7200)) as chain:
        chain.ask("anvil_setBlockTimestampInterval", 600)
        registry = chain.deploy("EthereumDIDRegistry")
        identity = chain.accounts[3]

        def send(*calls):
            for call in calls:
                chain.send(registry.address, call_data(call), sender=3)
            chain.ask("evm_mine")

        first, second = (key_attribute(who.private.public) for who in (FIRST, SECOND))
        send(SetAttribute(identity, *first, YEAR))
        send(RevokeAttribute(identity, *first), SetAttribute(identity, *second, YEAR))
        chain.ask("anvil_mine", "0x4")
        folder = tmp_path_factory.mktemp("ethr")
        trust = folder / "trust.toml"
        trust.write_text(
            f'[[chains]]\nname = "Local"\nid = 31337\nkind = "local"\ngenesis = "0x{chain.chain.genesis.hex()}"\n'
            f'registry = "0x{registry.address.hex()}"\nrpc = ["http://127.0.0.1:{chain.port}"]\n'
        )
        yield SimpleNamespace(did=f"did:ethr:0x7a69:0x{identity.hex()}", trust="trust.toml", folder=folder)


@pytest.mark.peer
def test_its_document_and_its_versions(told):
    run = glejt(told.folder, "did", "resolve", told.did, "--trust", told.trust)
    assert run.returncode == 0, run.stderr
    assert [entry["id"].partition("#")[2] for entry in json.loads(run.stdout)["verificationMethod"]] == [
        "controller",
        "delegate-3",
    ]
    whole = json.loads(glejt(told.folder, "did", "resolve", told.did, "--trust", told.trust, "--json").stdout)
    metadata = whole["didDocumentMetadata"]
    before = int(metadata["versionId"]) - 1
    older = json.loads(
        glejt(
            told.folder, "did", "resolve", told.did, "--trust", told.trust, "--json", "--version-id", str(before)
        ).stdout
    )
    assert older["didDocumentMetadata"]["nextVersionId"] == metadata["versionId"]
    asked = json.loads(
        glejt(told.folder, "did", "resolve", f"{told.did}?versionId={before}", "--trust", told.trust).stdout
    )
    assert asked == older["didDocument"]
    at = json.loads(
        glejt(
            told.folder, "did", "resolve", told.did, "--trust", told.trust, "--version-time", metadata["updated"]
        ).stdout
    )
    assert at == whole["didDocument"]
    offline = glejt(told.folder, "did", "resolve", told.did, "--trust", told.trust, env={"GLEJT_OFFLINE": "1"})
    assert (offline.returncode, offline.stdout) == (20, "")


@pytest.mark.peer
def test_a_key_by_its_own_name(told):
    run = glejt(told.folder, "did", "resolve", f"{told.did}#delegate-3", env={"GLEJT_TRUST": "trust.toml"})
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout)["id"] == f"{told.did}#delegate-3"


@pytest.mark.peer
def test_its_history_is_anchored(told):
    run = glejt(told.folder, "did", "history", told.did, "--trust", told.trust, "--json")
    assert run.returncode == 0, run.stderr
    history = json.loads(run.stdout)
    assert {version["evidence"] for version in history["versions"]} == {"anchored"}
    assert [[key.partition("#")[2] for key in version["keys"]] for version in history["versions"]] == [
        ["controller"],
        ["controller", "delegate-1"],
        ["controller", "delegate-3"],
    ]
    states = {key["id"].partition("#")[2]: key["state"] for key in history["keys"]}
    assert (states["delegate-1"], states["delegate-3"]) == ("rotated-away", "active")


@pytest.mark.peer
def test_its_credentials_are_verified(told):
    for who, number, status in ((SECOND, 3, 0), (FIRST, 1, 20), (FIRST, 3, 1)):
        signed = who.sign(credential(issuer=told.did), method=f"{told.did}#delegate-{number}")
        file = told.folder / f"{number}.json"
        file.write_text(json.dumps(signed))
        run = glejt(told.folder, "verify", file.name, "--trust", told.trust, "--json")
        assert run.returncode == status, (run.stdout, run.stderr)
