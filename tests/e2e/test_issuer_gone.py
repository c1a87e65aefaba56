"""A credential outlives its issuer: anchored, packed, and judged where there is no network, with all else erased."""

import asyncio
import json
import shutil
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from anvil_support import missing
from capsule_support import receipts_for
from eth_hash.auto import keccak
from heads_support import HEADS
from ledger_stages import STAGES
from ledger_support import checkpoint_of, naming
from running import environment, glejt
from status_support import entry, status_list
from verification_support import badge, party

from anchoring.calls import AuthorizedCall, TypedCall, authorize
from anchoring.facts import HeadOf
from anchoring.heads import digest_of, list_id
from anchoring.layout import recovery_commitment
from anchoring.operations import AnchorValue, OpenNamespace, SetHead
from anchoring.receipt import State
from anchoring.signing_key import SigningKey
from did_methods.multikey import KeyType, PrivateKey
from node.adapters.key_file import write_key_file
from node.credentials.record_name import RecordName
from node.verification.capsule_cbor import encode
from node.verification.capsule_making import make_capsule
from node.verification.ledger_material import FactProof, LedgerMaterial
from node.verification.material import Origin, ResolvedDocument, StatusListCopy, VerificationMaterial
from node.verification.policy import KeyEvidence

AUTHORITY, GUARDIAN = SigningKey(bytes([1]) * 32), SigningKey(bytes([3]) * 32)
SIGNER = PrivateKey(KeyType.P256, bytes([78]) * 32)
SCHOOL = party(21, "did:web:closed.example")
URL = "https://closed.example/status/1"


def _alone():
    """How a command is run without any network, or None where this machine does not allow it."""
    for way in (["unshare", "--net"], ["unshare", "--map-root-user", "--net"]):
        if shutil.which(way[0]) and subprocess.run([*way, "true"], capture_output=True, check=False).returncode == 0:  # noqa: S603 -- our own words
            return way
    return None


ALONE = _alone()
NO_NETWORK = """
import socket, sys
try:
    socket.create_connection(("192.0.2.1", 443), 1)
except OSError:
    from node.__main__ import main
    sys.exit(main())
sys.exit("the network is not off")
"""


def _offline(folder, *arguments):
    """One command line where there is no network at all, not even this machine's own."""
    done = subprocess.run(  # noqa: S603 -- our own program
        [*ALONE, sys.executable, "-c", NO_NETWORK, *arguments],
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def _call(stage, operation):
    typed = TypedCall.soon(
        operation,
        chain_id=stage.ledger.chain.id,
        contract=stage.ledger.contract.address,
        now=stage.now(),
        lifetime=3000,
    )
    return asyncio.run(authorize(typed, AUTHORITY))


def _trust(stage, name, rpc=""):
    chain, contract = stage.ledger.chain, stage.ledger.contract
    return f"""
[[lists]]
name = "demo"
[[lists.issuers]]
did = "{SCHOOL.did}"
name = "Closed School"
domain = "closed.example"
namespaces = ["{name}"]

[[chains]]
name = "Own chain"
id = {chain.id}
genesis = "0x{chain.genesis.hex()}"
kind = "local"
contract = "0x{contract.address.hex()}"
code_hash = "0x{contract.code_hash.hex()}"
{rpc}
checkpoints = {{ keys = ["{SIGNER.public.to_multibase()}"], threshold = 1 }}
"""


def _life_of_a_school(stage):
    """It opens a record, publishes a list, awards, says which list counts, and anchors the award and its document."""
    opening = OpenNamespace(AUTHORITY.address, recovery_commitment(GUARDIAN.address, keccak(b"salt")), keccak(b"one"))
    name = RecordName(stage.ledger.chain.id, stage.ledger.contract.address, opening.namespace)
    stage.settled(AuthorizedCall(opening))
    now = datetime.fromtimestamp(stage.now(), UTC)
    listed = json.dumps(status_list(issuer=SCHOOL, url=URL, signed=now - timedelta(hours=1), until=None))
    heads = replace(HEADS, chain_id=name.chain_id, contract=name.contract, namespace=name.namespace)
    award = SCHOOL.sign(
        badge(
            SCHOOL,
            evidence=naming(name, heads),
            credentialStatus=[entry(list_url=URL)],
            validFrom="2020-01-01T00:00:00Z",
        ),
        created=now,
    )
    tree, receipts = receipts_for(award, SCHOOL, SCHOOL.document(), name)
    end = int((now + timedelta(days=3650)).timestamp())
    stage.settled(_call(stage, SetHead(name.namespace, list_id(URL), digest_of(listed.encode()), 1, end)))
    stage.settled(_call(stage, AnchorValue(name.namespace, tree.anchored)))
    return name, award, listed, receipts


@pytest.mark.threat(101)
@pytest.mark.skipif(ALONE is None, reason="this machine lets nobody run a process without a network")
@pytest.mark.parametrize("over", ["memory", "devchain"])
def test_an_award_is_judged_where_nothing_is_left_of_its_issuer_but_a_capsule(tmp_path, over):
    with ExitStack() as stack:
        stage = stack.enter_context(STAGES[over]())
        stack.enter_context(stage.runner)
        name, award, listed, receipts = _life_of_a_school(stage)
        block, contract = stage.final(), stage.ledger.contract
        question = HeadOf(name.namespace, list_id(URL))
        final = [
            receipt.refreshed(stage.do(stage.ledger.prove([receipt.question], block)), block=block, contract=contract)
            for receipt in receipts
        ]
        assert {receipt.state for receipt in final} == {State.FINAL}
        proof = stage.do(stage.ledger.prove([question], block)).encode()
        fact = FactProof(name.chain_id, name.contract, (question,), proof, Origin.LIVE)
        at = datetime.fromtimestamp(stage.now(), UTC)
        document = ResolvedDocument(SCHOOL.document(), KeyEvidence.NOW_ONLY, Origin.LIVE, at)
        material = VerificationMaterial(
            {SCHOOL.did: document},
            status_lists=(StatusListCopy(URL, listed, Origin.LIVE, at),),
            ledgers=LedgerMaterial(tuple(receipt.encode() for receipt in final), facts=(fact,)),
        )
        capsule = make_capsule([json.dumps(award).encode()], material, made=at)
        (tmp_path / "award.capsule").write_bytes(encode(capsule))
        (tmp_path / "checkpoint").write_bytes(checkpoint_of(block, stage.now(), by=SIGNER))
        (tmp_path / "trust.toml").write_text(_trust(stage, name))
        when = (at + timedelta(days=30)).strftime("%Y-%m-%dT%H:%M:%SZ")
    _judge_all(tmp_path, when)


def _judge_all(folder, when):
    """What a verifier sees who has the capsule, a checkpoint and a trust file."""
    asked = ("--offline", "--trust", "trust.toml", "--at", when, "--policy", "archive")
    code, said, wrong = _offline(folder, "verify", "award.capsule", "--checkpoint", "checkpoint", *asked)
    assert (code, wrong) == (0, ""), said
    for line in (
        "Genuine.",
        "Existed before",
        "Not withdrawn as of",
        "As of: keys: shown up to",
        "time record: proven as of",
    ):
        assert line in said
    assert _offline(folder, "verify", "award.capsule", *asked)[0] == 20
    code, said, _ = _offline(folder, "verify", "award.capsule", "--offline", "--at", when, "--checkpoint", "checkpoint")
    assert code == 20  # who trusts nobody
    data = (folder / "award.capsule").read_bytes()
    (folder / "altered.capsule").write_bytes(data.replace(b"MIG welding", b"TIG welding"))
    code, said, _ = _offline(folder, "verify", "altered.capsule", "--checkpoint", "checkpoint", *asked)
    assert (code, "Genuine" in said) == (20, False)  # nothing dates what nobody signed, so its key is not known


@pytest.mark.peer
@pytest.mark.threat(101)
@pytest.mark.skipif(ALONE is None or missing() is not None, reason="needs anvil, and processes without a network")
def test_the_whole_story_at_the_command_line(tmp_path):
    """The chain is asked while it is there; then there is none, and no issuer."""
    with ExitStack() as stack:
        stage = stack.enter_context(STAGES["anvil by JSON-RPC"]())
        stack.enter_context(stage.runner)
        name, award, listed, receipts = _life_of_a_school(stage)
        for _ in range(3):
            stage.grow()
        (tmp_path / "award.json").write_text(json.dumps(award))
        (tmp_path / "did.json").write_text(json.dumps(SCHOOL.document()))
        (tmp_path / "list.json").write_text(listed)
        for number, receipt in enumerate(receipts):
            (tmp_path / f"{number}.receipt").write_bytes(receipt.encode())  # pending: nodes are asked
        rpc = f'rpc = ["http://127.0.0.1:{stage.ledger._anvil.port}"]'
        (tmp_path / "trust.toml").write_text(_trust(stage, name, rpc))
        public = SIGNER.public.to_multibase()
        write_key_file(
            tmp_path / "signer.json", SIGNER, verification_method=f"did:key:{public}#{public}", passphrase=None
        )
        trusted = ("--trust", "trust.toml")
        made = glejt(tmp_path, "checkpoint", "make", "Own chain", "--out", "block", *trusted)
        assert made.returncode == 0, made.stderr
        signed = glejt(tmp_path, "checkpoint", "sign", "block", "--key", "signer.json", "--out", "checkpoint", *trusted)
        assert signed.returncode == 0, signed.stderr
        stage.grow()
        packed = glejt(
            tmp_path, "capsule", "make", "award.json", "--receipt", "0.receipt", "--receipt", "1.receipt",
            "--status", "list.json", "--did-document", "did.json", "--checkpoint", "checkpoint",
            "--out", "award.capsule", "--json", *trusted,
        )  # fmt: skip
        assert packed.returncode == 0, packed.stderr
        assert any(block["checkpoint"] for block in json.loads(packed.stdout)["blocks"])
        when = datetime.fromtimestamp(stage.now() + 86_400, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    for file in tmp_path.iterdir():  # all that is left: the capsule, the checkpoint, whom the verifier trusts
        if file.is_file() and file.name not in {"award.capsule", "checkpoint", "trust.toml"}:
            file.unlink()
    asked = ("--offline", *trusted, "--at", when, "--policy", "archive")
    code, said, wrong = _offline(tmp_path, "verify", "award.capsule", "--checkpoint", "checkpoint", *asked)
    assert (code, wrong) == (0, ""), said
    assert "Genuine." in said
