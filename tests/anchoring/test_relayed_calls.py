"""Each relayed call, signed as a wallet signs typed data and brought by somebody who may do nothing else."""

from dataclasses import dataclass

import pytest
from anvil_support import ChainError, call_data, running_chain, word
from eth_abi import decode
from eth_hash.auto import keccak

from anchoring.calls import TypedCall
from anchoring.layout import namespace_id, recovery_commitment, slots_of
from anchoring.ledger import ENDLESS, AccreditationOf, AnchorOf, AuthorityAt, HeadOf
from anchoring.operations import AnchorValue

pytestmark = pytest.mark.peer

AUTHORITY, RELAYER, SUCCESSOR, GUARDIAN, NEXT_GUARDIAN = 0, 5, 1, 9, 8
LIST, DIGEST, SUBJECT, SCOPE, ROOT = (keccak(name) for name in (b"list", b"digest", b"subject", b"scope", b"root"))
SALT, RECOVERY_SALT = keccak(b"salt"), keccak(b"recovery salt")


@dataclass
class Desk:
    """A namespace on a chain, and everybody's account there."""

    chain: object
    trust: bytes
    space: bytes

    def signed(self, signer, primary, fields, values):
        """What `eth_signTypedData_v4` of the chain's own wallet makes of a call."""
        kinds = dict(
            EIP712Domain=[
                ("name", "string"),
                ("version", "string"),
                ("chainId", "uint256"),
                ("verifyingContract", "address"),
            ],
            **{primary: fields},
        )
        message = {
            name: "0x" + value.hex() if isinstance(value, bytes) else value if kind == "bool" else str(value)
            for (name, kind), value in zip(fields, values, strict=True)
        }
        typed = {
            "domain": {
                "name": "glejt TrustAnchor",
                "version": "1",
                "chainId": self.chain.chain.id,
                "verifyingContract": "0x" + self.trust.hex(),
            },
            "primaryType": primary,
            "types": {name: [{"name": n, "type": t} for n, t in listed] for name, listed in kinds.items()},
            "message": message,
        }
        address = "0x" + self.chain.accounts[signer].hex()
        return bytes.fromhex(self.chain.ask("eth_signTypedData_v4", address, typed)[2:])

    def bring(self, signature, words, *, tail=b""):
        """Send a call from the relayer's account."""
        data = call_data(signature, *words, tail=tail)
        return self.chain.transact(self.trust, data, sender=RELAYER)

    def soon(self):
        return int(self.chain.ask("eth_getBlockByNumber", "latest", False)["timestamp"], 16) + 600

    def stored(self, question):
        """The words in which the answer stands."""
        return [
            int(self.chain.ask("eth_getStorageAt", "0x" + self.trust.hex(), "0x" + slot.hex(), "latest"), 16)
            for slot in slots_of(question)
        ]

    def accepted(self, who):
        """A successor's consent as a dynamic argument."""
        deadline, address = self.soon(), self.chain.accounts[who]
        fields = [("namespace", "bytes32"), ("successor", "address"), ("deadline", "uint256")]
        signature = self.signed(who, "Accept", fields, [self.space, address, deadline])
        return word(deadline) + word(64) + dynamic(signature)


def dynamic(data):
    return word(len(data)) + data.ljust(96, b"\0")


@pytest.fixture
def desk():
    with running_chain() as chain:
        contract = chain.deploy("TrustAnchor")
        recovery = recovery_commitment(chain.accounts[GUARDIAN], RECOVERY_SALT)
        space = namespace_id(chain.accounts[AUTHORITY], recovery, SALT)
        chain.transact(
            contract.address,
            call_data("open(address,bytes32,bytes32)", chain.accounts[AUTHORITY], recovery, SALT),
            sender=RELAYER,
        )
        yield Desk(chain, contract.address, space)


def relay(desk, primary, fields, values, *, signer=AUTHORITY):
    """A call whose arguments are what is signed, with the signature behind them."""
    deadline = desk.soon()
    fields, values = [("namespace", "bytes32"), *fields, ("deadline", "uint256")], [desk.space, *values, deadline]
    signature = desk.signed(signer, primary, fields, values)
    kinds = ",".join([*(kind for _, kind in fields), "bytes"])
    function = primary[0].lower() + primary[1:] + "For"
    return desk.bring(f"{function}({kinds})", [*values, (len(values) + 1) * 32], tail=dynamic(signature))


HEAD = [
    ("listId", "bytes32"),
    ("digest", "bytes32"),
    ("version", "uint64"),
    ("validUntil", "uint48"),
    ("isSealed", "bool"),
]
ACCREDITATION = [("subject", "bytes32"), ("scope", "bytes32"), ("sequence", "uint32")]
TERMS = [("validFrom", "uint48"), ("validUntil", "uint48"), ("evidence", "bytes32")]


@pytest.mark.threat(107)
@pytest.mark.threat(112)
def test_what_the_authority_signed_is_written_and_nothing_else(desk):
    relay(desk, "Anchor", [("root", "bytes32")], [ROOT])
    relay(desk, "SetHead", HEAD, [LIST, DIGEST, 7, ENDLESS, True])
    relay(desk, "Accredit", [*ACCREDITATION, *TERMS], [SUBJECT, SCOPE, 0, 1, ENDLESS, DIGEST])
    relay(desk, "RevokeAccreditation", ACCREDITATION, [SUBJECT, SCOPE, 0])
    assert desk.stored(AnchorOf(desk.space, ROOT))[0] != 0
    digest, packed = desk.stored(HeadOf(desk.space, LIST))
    assert (digest.to_bytes(32), packed % 2**64) == (DIGEST, 7)
    packed, evidence = desk.stored(AccreditationOf(desk.space, SUBJECT, SCOPE, 0))
    assert (evidence.to_bytes(32), (packed >> 144) % 2**48 != 0) == (DIGEST, True)

    with pytest.raises(ChainError, match="revert"):
        relay(desk, "Anchor", [("root", "bytes32")], [DIGEST], signer=RELAYER)
    with pytest.raises(ChainError, match="revert"):
        desk.bring("anchor(bytes32,bytes32)", [desk.space, DIGEST])
    assert desk.stored(AnchorOf(desk.space, DIGEST)) == [0]


@pytest.mark.threat(108)
def test_authority_is_handed_on_and_recovered_by_signatures(desk):
    accounts, deadline = desk.chain.accounts, desk.soon()
    fields = [("namespace", "bytes32"), ("index", "uint32"), ("successor", "address"), ("deadline", "uint256")]
    values = [desk.space, 1, accounts[SUCCESSOR], deadline]
    signature, consent = desk.signed(AUTHORITY, "Rotate", fields, values), desk.accepted(SUCCESSOR)
    desk.bring(
        "rotateFor(bytes32,uint32,address,(uint256,bytes),uint256,bytes)",
        [desk.space, 1, accounts[SUCCESSOR], 6 * 32, deadline, 6 * 32 + len(consent)],
        tail=consent + dynamic(signature),
    )
    assert authority(desk, 1) == accounts[SUCCESSOR]

    request(desk, 1, RELAYER)
    deadline = desk.soon()
    fields = [("namespace", "bytes32"), ("sequence", "uint48"), ("deadline", "uint256")]
    signature = desk.signed(GUARDIAN, "CancelRecovery", fields, [desk.space, 1, deadline])
    desk.bring(
        "cancelRecoveryFor(bytes32,uint48,bytes32,address,uint256,bytes)",
        [desk.space, 1, RECOVERY_SALT, accounts[GUARDIAN], deadline, 6 * 32],
        tail=dynamic(signature),
    )
    desk.chain.ask("evm_increaseTime", 8 * 86_400)
    with pytest.raises(ChainError, match="revert"):
        desk.bring("completeRecovery(bytes32)", [desk.space])

    request(desk, 2, AUTHORITY)
    with pytest.raises(ChainError, match="revert"):
        desk.bring("completeRecovery(bytes32)", [desk.space])
    desk.chain.ask("evm_increaseTime", 7 * 86_400)
    desk.bring("completeRecovery(bytes32)", [desk.space])
    assert authority(desk, 2) == accounts[AUTHORITY]
    assert authority(desk, 0) == accounts[AUTHORITY], "the history keeps what was"


def request(desk, sequence, successor):
    accounts, deadline = desk.chain.accounts, desk.soon()
    following = recovery_commitment(accounts[NEXT_GUARDIAN], RECOVERY_SALT)
    fields = [
        ("namespace", "bytes32"),
        ("sequence", "uint48"),
        ("successor", "address"),
        ("nextRecovery", "bytes32"),
        ("deadline", "uint256"),
    ]
    values = [desk.space, sequence, accounts[successor], following, deadline]
    signature, consent = desk.signed(GUARDIAN, "RequestRecovery", fields, values), desk.accepted(successor)
    head = [desk.space, sequence, accounts[successor], following, RECOVERY_SALT, 9 * 32]
    desk.bring(
        "requestRecoveryFor(bytes32,uint48,address,bytes32,bytes32,(uint256,bytes),address,uint256,bytes)",
        [*head, accounts[GUARDIAN], deadline, 9 * 32 + len(consent)],
        tail=consent + dynamic(signature),
    )


def authority(desk, index):
    return (desk.stored(AuthorityAt(desk.space, 0, index))[0] % 2**160).to_bytes(20)


@pytest.mark.threat(92)
def test_the_contract_says_under_which_domain_calls_are_signed(desk):
    """ERC-5267: what the contract answers is what calls are signed for here."""
    answer = desk.chain.ask(
        "eth_call", {"to": "0x" + desk.trust.hex(), "data": "0x" + call_data("eip712Domain()").hex()}, "latest"
    )
    kinds = ["bytes1", "string", "string", "uint256", "address", "bytes32", "uint256[]"]
    fields, name, version, chain_id, contract, salt, extensions = decode(kinds, bytes.fromhex(answer[2:]))
    domain = TypedCall(AnchorValue(desk.space, ROOT), desk.chain.chain.id, desk.trust, 1).to_json()["domain"]
    assert (fields, salt, extensions) == (b"\x0f", bytes(32), ())
    assert {"name": name, "version": version, "chainId": chain_id, "verifyingContract": contract} == domain
