"""Chains in a trust file: which they are, whose word on their blocks counts, and which namespaces are whose."""

import pickle
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from verification_support import ISSUER, party

from anchoring.checkpoint import Chain, CheckpointTrust, TrustedBlock
from anchoring.storage_proof import Contract
from did_methods.multikey import KeyType, PrivateKey
from node.credentials.record_name import RecordName
from node.proofs.signatures import local_signer, sign
from node.verification.chains import ChainKind, TrustedChain, usual_contract
from node.verification.checkpoint_signers import signed_by, signer_of
from node.verification.errors import TrustError
from node.verification.trust import Trust, parse_trust

GENESIS, OTHER = "0x" + "11" * 32, "0x" + "22" * 32
ONE, TWO = (PrivateKey(KeyType.ED25519, bytes([seed]) * 32) for seed in (1, 2))
P256 = PrivateKey(KeyType.P256, bytes([3]) * 32)
WHOLE = f"""
[[chains]]
name = "Ethereum"
id = 1
genesis = "{GENESIS}"
kind = "public"
rpc = ["https://one.example/rpc", "http://127.0.0.1:8545"]
checkpoints = {{ keys = ["{ONE.public.to_multibase()}", "{P256.public.to_multibase()}"], threshold = 2 }}
blocks = [{{ number = 7, hash = "{OTHER}" }}]

[[chains]]
name = "Own"
id = 1337
genesis = "{OTHER}"
kind = "local"
contract = "0x{"ab" * 20}"
code_hash = "0x{"cd" * 32}"
rpc = ["https://one.example", "https://two.example", "https://three.example"]
quorum = 1
mirrors = ["https://mirror.example/ipfs", "https://second.example"]
"""


THREE = 'rpc = ["https://one.example", "https://two.example", "https://three.example"]'


def _parsed(text):
    return parse_trust(text, lambda _name: b"")


def test_a_whole_trust_file_with_chains():
    one, own = _parsed(WHOLE).chains
    chain = Chain(1, bytes([0x11]) * 32)
    signers = frozenset({signer_of(ONE.public), signer_of(P256.public)})
    assert one == TrustedChain(
        "Ethereum",
        chain,
        ChainKind.PUBLIC,
        usual_contract(),
        ("https://one.example/rpc", "http://127.0.0.1:8545"),
        2,  # more than half of two
        CheckpointTrust(chain, signers, 2),
        (TrustedBlock(chain, 7, bytes([0x22]) * 32),),
    )
    assert own.kind is ChainKind.LOCAL
    assert own.contract == Contract(bytes([0xAB]) * 20, bytes([0xCD]) * 32)
    assert own.quorum == 1
    assert own.checkpoints is None
    assert own.mirrors == ("https://mirror.example/ipfs", "https://second.example")
    assert one.mirrors == ()
    assert own.caip == "eip155:1337"
    assert _parsed(WHOLE).chain(1337) == own
    assert _parsed(WHOLE).chain(2) is None


def test_the_usual_contract_is_the_one_of_the_package():
    assert usual_contract().address.hex() == "a9664de0c0f0d126088e12ce0785f039049fa07a"


def test_trust_with_chains_can_be_sent_to_another_process():
    trust = _parsed(WHOLE)
    assert pickle.loads(pickle.dumps(trust)) == trust  # noqa: S301 -- our own bytes


def test_a_light_client_stands_alone():
    alone = 'rpc = ["https://one.example"]\nlight_client = true'
    (_, own) = _parsed(WHOLE.replace(THREE, alone)).chains
    assert own.light_client
    assert not any(chain.light_client for chain in _parsed(WHOLE).chains)


def test_without_nodes_nobody_is_asked():
    text = f'[[chains]]\nname = "Ethereum"\nid = 1\ngenesis = "{GENESIS}"\nkind = "public"\n'
    (chain,) = _parsed(text).chains
    assert chain.rpc == ()


@pytest.mark.parametrize(
    ("change", "code", "told"),
    [
        (('kind = "public"', 'kind = "main"'), "trust.invalid", "chains[0].kind"),
        (('name = "Own"', 'name = "Ethereum"'), "trust.duplicate", "chains[1].name"),
        (("id = 1337", "id = 1"), "trust.duplicate", "chains[1].id"),
        (("id = 1337", "id = 0"), "trust.invalid", "chains[1].id"),
        ((GENESIS, GENESIS.upper()), "trust.invalid", "chains[0].genesis"),
        ((GENESIS, GENESIS[:-2]), "trust.invalid", "chains[0].genesis"),
        (("quorum = 1", "quorum = 4"), "trust.chain", "chains[1].quorum"),
        (("quorum = 1", "quorum = 0"), "trust.invalid", "chains[1].quorum"),
        ((THREE, f"{THREE}\nlight_client = true"), "trust.chain", "chains[1].light_client"),
        (("threshold = 2", "threshold = 3"), "trust.chain", "chains[0].checkpoints.threshold"),
        (("threshold = 2", "threshold = 0"), "trust.invalid", "chains[0].checkpoints.threshold"),
        (
            (P256.public.to_multibase(), ONE.public.to_multibase()),
            "trust.duplicate",
            "chains[0].checkpoints.keys[1]",
        ),
        ((P256.public.to_multibase(), P256.public.to_multibase()[:-1]), "trust.chain", "chains[0].checkpoints.keys[1]"),
        (
            (P256.public.to_multibase(), PrivateKey(KeyType.P384, bytes([3]) * 48).public.to_multibase()),
            "trust.chain",
            "chains[0].checkpoints.keys[1]",
        ),
        (("http://127.0.0.1:8545", "ws://127.0.0.1:8545"), "trust.invalid", "chains[0].rpc[1]"),
        (
            ('kind = "public"', 'kind = "public"\nmirrors = ["http://mirror.example"]'),
            "trust.invalid",
            "chains[0].mirrors[0]",
        ),
        (
            (f'hash = "{OTHER}" }}', f'hash = "{OTHER}" }}, {{ number = 7, hash = "{GENESIS}" }}'),
            "trust.duplicate",
            "chains[0].blocks[1].number",
        ),
        (('name = "Own"', 'name = "Own"\ngas = 1'), "trust.invalid", "chains[1]"),
    ],
)
def test_what_is_wrong_is_named(change, code, told):
    text = WHOLE.replace(*change)
    assert text != WHOLE
    with pytest.raises(TrustError) as caught:
        _parsed(text)
    assert caught.value.code == code
    assert told in str(caught.value)
    assert caught.value.remedy


def test_namespaces_of_a_listed_issuer():
    name = f"eip155:1:0x{'ab' * 20}#0x{'cd' * 32}"
    text = (
        f'[[lists]]\nname = "demo"\n[[lists.issuers]]\ndid = "{ISSUER.did}"\nname = "U"\ndomain = "u.example"\n'
        f'namespaces = ["{name}"]\n'
    )
    assert _parsed(text).lists[0].issuers[ISSUER.did].namespaces == {RecordName.parse(name)}
    for wrong in (f"{name}/heads", name.upper(), name[:-1]):
        with pytest.raises(TrustError, match=re.escape("lists[0].issuers[0].namespaces")):
            _parsed(text.replace(name, wrong))
    with pytest.raises(TrustError) as caught:
        _parsed(text.replace("eip155:1:", f"eip155:{2**64}:"))
    assert caught.value.code == "trust.namespace"


@pytest.mark.parametrize("private", [ONE, P256], ids=["Ed25519", "P-256"])
def test_signers_of_checkpoints(private):
    signer, data = signer_of(private.public), b"a checkpoint"
    signature = local_signer(private).sign(data)
    assert signed_by(signer, data, signature)
    assert not signed_by(signer, data + b".", signature)
    assert not signed_by(signer, data, signature[:-1])
    assert not signed_by(signer_of(TWO.public), data, signature)
    assert not signed_by(signer[:-1], data, signature)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=80), st.binary(max_size=80))
def test_no_bytes_of_a_stranger_raise(signer, signature):
    assert not signed_by(signer, b"data", signature)


def test_other_kinds_of_keys_sign_no_checkpoints():
    other = PrivateKey(KeyType.P384, bytes([3]) * 48)
    name = bytes.fromhex("8124") + other.public.raw
    for hash_name in ("sha256", "sha384"):
        assert not signed_by(name, b"data", sign(other, b"data", hash_name=hash_name))


def test_a_verifier_without_chains_knows_none():
    assert Trust().chain(1) is None
    assert party(1).did  # the support's parties need no chains either
