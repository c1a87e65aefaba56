"""did:pkh: accounts by their CAIP-10 names, with the documents that the method's own examples have."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import finished

from did_methods.accounts import account_of, is_account_of, parse_account
from did_methods.did import Did, parse_did
from did_methods.document import DidDocument
from did_methods.errors import DidMethodsError, InvalidDidError, UnsupportedKeyError, UnsupportedMethodError
from did_methods.multikey import KeyType, PrivateKey
from did_methods.pkh import PkhMethod, create, method_id, resolve_pkh
from did_methods.resolution import Problem, resolve

# The identifiers of https://github.com/w3c-ccg/did-pkh/tree/main/test-vectors, with the types of their methods.
PUBLISHED = {
    "did:pkh:bip122:000000000019d6689c085ae165831e93:128Lkh3S7CkDTBZ8W7BbpsN3YYizJMp8p6": [
        ("blockchainAccountId", "EcdsaSecp256k1RecoveryMethod2020")
    ],
    "did:pkh:bip122:1a91e3dace36e2be3bf030a65679fe82:DH5yaieqoZN36fDVciNyRueRGvGLR3mr7L": [
        ("blockchainAccountId", "EcdsaSecp256k1RecoveryMethod2020")
    ],
    "did:pkh:eip155:1:0xb9c5714089478a327f09197987f16f9e5d936e8a": [
        ("blockchainAccountId", "EcdsaSecp256k1RecoveryMethod2020")
    ],
    "did:pkh:eip155:42220:0xa0ae58da58dfa46fa55c3b86545e7065f90ff011": [
        ("blockchainAccountId", "EcdsaSecp256k1RecoveryMethod2020")
    ],
    "did:pkh:solana:4sGjMW1sUnHzSxGspuhpqLDx6wiyjNtZ:CKg5d12Jhpej1JqtmxLJgaFqqeYjxgPqToJ4LBdvG9Ev": [
        ("controller", "Ed25519VerificationKey2018"),
        ("SolanaMethod2021", "SolanaMethod2021"),
    ],
    "did:pkh:tezos:NetXdQprcVkpaWU:tz1TzrmTBSuiVHV2VfMnGRMYvTEPCP42oSM8": [
        ("blockchainAccountId", "Ed25519PublicKeyBLAKE2BDigestSize20Base58CheckEncoded2021"),
        ("TezosMethod2021", "TezosMethod2021"),
    ],
    "did:pkh:tezos:NetXdQprcVkpaWU:tz2BFTyPeYRzxd5aiBchbXN3WCZhx7BqbMBq": [
        ("blockchainAccountId", "EcdsaSecp256k1RecoveryMethod2020"),
        ("TezosMethod2021", "TezosMethod2021"),
    ],
    "did:pkh:tezos:NetXdQprcVkpaWU:tz3agP9LGe2cXmKQyYn6T68BHKjjktDbbSWX": [
        ("blockchainAccountId", "P256PublicKeyBLAKE2BDigestSize20Base58CheckEncoded2021"),
        ("TezosMethod2021", "TezosMethod2021"),
    ],
}
SIGNING = ("authentication", "assertionMethod", "capabilityDelegation", "capabilityInvocation")
METHODS = {"pkh": PkhMethod()}


@pytest.mark.parametrize(("did", "methods"), PUBLISHED.items())
def test_the_published_identifiers_have_the_published_methods(did, methods):
    document = finished(resolve(did, METHODS)).document
    assert document["id"] == did
    assert [(entry["id"], entry["type"]) for entry in document["verificationMethod"]] == [
        (f"{did}#{fragment}", kind) for fragment, kind in methods
    ]
    for entry in document["verificationMethod"]:
        assert entry["controller"] == did
        assert entry["blockchainAccountId"] == did.removeprefix("did:pkh:")
    for relationship in SIGNING:
        assert document[relationship] == [f"{did}#{fragment}" for fragment, _ in methods]
    _, terms = document["@context"]
    used = {entry["type"] for entry in document["verificationMethod"]} | {"blockchainAccountId"}
    assert used <= terms.keys()
    assert ("publicKeyJwk" in terms) is ("solana" in did)


def test_the_account_of_solana_is_its_key():
    did = "did:pkh:solana:4sGjMW1sUnHzSxGspuhpqLDx6wiyjNtZ:CKg5d12Jhpej1JqtmxLJgaFqqeYjxgPqToJ4LBdvG9Ev"
    view = DidDocument.parse(resolve_pkh(parse_did(did)))
    key = view.verification_method(f"{did}#controller", "assertionMethod").key
    assert key.to_jwk()["x"] == "qDkywhH-S6nNxQhA6SHKsoFW7A2gX-X0b3TtwVBMHm8"  # the published vector


def test_the_key_of_an_account_that_hides_it_cannot_be_told():
    did = next(iter(PUBLISHED))
    view = DidDocument.parse(resolve_pkh(parse_did(did)))
    with pytest.raises(UnsupportedMethodError):
        view.verification_method(f"{did}#blockchainAccountId", "assertionMethod")


# The secret 1: its address and account names are in every introduction. EIP-55 has the other four spellings.
ONE = PrivateKey(KeyType.SECP256K1, bytes(31) + b"\x01").public


def test_well_known_keys_have_their_well_known_accounts():
    assert str(create(ONE)) == "did:pkh:eip155:1:0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf"
    assert str(create(ONE, chain="eip155:137")).startswith("did:pkh:eip155:137:0x7E5F")
    bitcoin = parse_account("bip122:000000000019d6689c085ae165831e93:1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH")
    assert is_account_of(bitcoin, ONE)
    assert not is_account_of(bitcoin, PrivateKey(KeyType.SECP256K1, bytes(31) + b"\x02").public)
    edpk = PrivateKey(KeyType.ED25519, bytes(32)).public
    assert str(account_of(edpk, "tezos", "NetXdQprcVkpaWU")).startswith("tezos:NetXdQprcVkpaWU:tz1")


@pytest.mark.parametrize(
    "address",
    [
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
        "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
        "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
        "0x52908400098527886E0F7030069857D2E4169EE7",
        "0xde709f2102306220921060314715629080e2fb77",
    ],
)
def test_the_checksums_of_eip_55_are_checked(address):
    assert parse_account(f"eip155:1:{address}").address == address
    assert parse_account(f"eip155:1:{address.lower()}")
    if address[2:] not in {address[2:].lower(), address[2:].upper()}:
        swapped = "0x" + address[2:].swapcase()
        with pytest.raises(InvalidDidError):
            parse_account(f"eip155:1:{swapped}")


@pytest.mark.parametrize("key_type", [KeyType.ED25519, KeyType.SECP256K1, KeyType.P256])
def test_what_is_made_is_resolved_and_belongs_to_its_key(key_type):
    key = PrivateKey.generate(key_type).public
    chains = {"tezos:NetXdQprcVkpaWU": True, "eip155:1": key_type is KeyType.SECP256K1}
    chains["solana:4sGjMW1sUnHzSxGspuhpqLDx6wiyjNtZ"] = key_type is KeyType.ED25519
    for chain, possible in chains.items():
        if not possible:
            with pytest.raises(UnsupportedKeyError):
                create(key, chain=chain)
            continue
        did = create(key, chain=chain)
        assert is_account_of(parse_account(did.identifier), key)
        assert not is_account_of(parse_account(did.identifier), PrivateKey.generate(key_type).public)
        assert method_id(did) == resolve_pkh(did)["verificationMethod"][0]["id"]
        DidDocument.parse(resolve_pkh(did))


@pytest.mark.threat(21)
@pytest.mark.parametrize(
    "identifier",
    [
        "eip155",
        "eip155:1",
        "eip155:1:",
        "eip155:0:0xb9c5714089478a327f09197987f16f9e5d936e8a",
        "eip155:01:0xb9c5714089478a327f09197987f16f9e5d936e8a",
        "eip155:1:0xb9c5714089478a327f09197987f16f9e5d936e8",
        "eip155:1:b9c5714089478a327f09197987f16f9e5d936e8a00",
        "eip155:1:0xB9c5714089478a327f09197987f16f9e5d936e8a",
        "eip155:1:0xb9c5714089478a327f09197987f16f9e5d936e8a:1",
        "eip155:1:0xb9c5714089478a327f09197987f16f9e5d936e8%7E",
        "EIP155:1:0xb9c5714089478a327f09197987f16f9e5d936e8a",
        "bip122:000000000019d6689c085ae165831e93:128Lkh3S7CkDTBZ8W7BbpsN3YYizJMp8p7",
        "bip122:000000000019D6689C085AE165831E93:128Lkh3S7CkDTBZ8W7BbpsN3YYizJMp8p6",
        "bip122:000000000019d6689c085ae165831e93:3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy0",
        "bip122:000000000019d6689c085ae165831e93:tz1TzrmTBSuiVHV2VfMnGRMYvTEPCP42oSM8",
        "solana:4sGjMW1sUnHzSxGspuhpqLDx6wiyjNtZ:CKg5d12Jhpej1JqtmxLJgaFqqeYjxgPqToJ4LBdvG9E",
        "solana:4sGjMW1sUnHzSxGspuhpqLDx6wiyjNtZ:1",
        "tezos:NetXdQprcVkpaWU:tz1TzrmTBSuiVHV2VfMnGRMYvTEPCP42oSM9",
        "tezos:mainnet:tz1TzrmTBSuiVHV2VfMnGRMYvTEPCP42oSM8",
        "tezos:NetXdQprcVkpaWU:128Lkh3S7CkDTBZ8W7BbpsN3YYizJMp8p6",
    ],
)
def test_what_is_no_account_is_refused(identifier):
    result = finished(resolve(f"did:pkh:{identifier}", METHODS))
    assert result.document is None
    assert result.problem in {Problem.INVALID_DID, Problem.INVALID_PUBLIC_KEY}


def test_a_ledger_without_an_entry_is_not_known_rather_than_wrong():
    result = finished(resolve("did:pkh:cosmos:cosmoshub-3:cosmos1t2uflqwqe0fsj0shcfkrvpukewcw40yjj6hdc0", METHODS))
    assert result.document is None
    assert not result.problem.means_wrong


@pytest.mark.threat(21)
@settings(deadline=None, max_examples=200)
@given(st.sampled_from(list(PUBLISHED)), st.integers(8, 100), st.sampled_from("abAB019zZ:.-_%x"))
def test_an_identifier_with_another_character_is_refused_or_another_account(did, position, character):
    damaged = did[:position] + character + did[position + 1 :]
    try:
        document = resolve_pkh(parse_did(damaged))
    except DidMethodsError as error:
        assert error.code.partition(".")[0] in {"did", "account", "key"}  # noqa: PT017 -- both are right
    else:
        assert document["id"] == damaged
        accounts = {method["blockchainAccountId"] for method in document["verificationMethod"]}
        assert accounts == {damaged.removeprefix("did:pkh:")}


def test_other_methods_are_not_its_business():
    with pytest.raises(InvalidDidError):
        resolve_pkh(Did("key", "z6Mk"))
