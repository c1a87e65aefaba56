"""Operations with the word of whoever may order them: what is signed, and what is brought to the chain.

Spec: https://eips.ethereum.org/EIPS/eip-712, https://eips.ethereum.org/EIPS/eip-2
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from hashlib import sha256
from types import MappingProxyType
from typing import Any, Final, Protocol, Self

from anchoring import abi, cbor, secp256k1, tags
from anchoring.errors import CallError, shown
from anchoring.facts import ENDLESS
from anchoring.keccak import keccak256
from anchoring.operations import (
    Accept,
    Acceptance,
    Accredit,
    AnchorValue,
    CancelRecovery,
    ChangeIdentity,
    CompleteRecovery,
    OpenNamespace,
    Operation,
    RequestRecovery,
    RotateAuthority,
    SetHead,
    WithdrawAccreditation,
)

MAX_DELAY: Final = 3600
"""How far ahead the contract lets a deadline lie, in seconds; a withdrawal's may lie as far as its signer likes."""
LIFETIME: Final = 3000
"""What calls are given here: ten minutes less, since the chain's clock may be behind this machine's."""
MAX_SIGNATURE_BYTES: Final = 8192
"""A wallet's that is a contract; the contract reads no longer one."""
NAME: Final = "glejt TrustAnchor"
VERSION: Final = "1"
_DOMAIN: Final = (("name", "string"), ("version", "string"), ("chainId", "uint256"), ("verifyingContract", "address"))
_ACCEPTANCE: Final = ("uint256", "bytes")
_KINDS: Final[Mapping[int, type[Operation]]] = MappingProxyType(
    {
        1: OpenNamespace,
        2: AnchorValue,
        3: SetHead,
        4: Accredit,
        5: WithdrawAccreditation,
        6: RotateAuthority,
        7: RequestRecovery,
        8: CancelRecovery,
        9: CompleteRecovery,
        10: ChangeIdentity,
    }
)
"""By which number a stored call says what it is; numbers are never given anew."""
_NUMBERS: Final[Mapping[type[Operation], int]] = MappingProxyType({kind: number for number, kind in _KINDS.items()})

type JsonValue = str | int | bool | list[JsonValue] | dict[str, JsonValue]
type Member = tuple[str, str, abi.Value]
"""Name, type and value."""


@dataclass(frozen=True, slots=True)
class TypedCall:
    """What is signed: the operation, for one contract on one chain, until its deadline."""

    operation: Operation | Accept
    chain_id: int
    contract: bytes
    deadline: int

    @classmethod
    def soon(
        cls, operation: Operation | Accept, *, chain_id: int, contract: bytes, now: int, lifetime: int = LIFETIME
    ) -> Self:
        """The call with a deadline so many seconds from now; raises CallError for one that the contract refuses."""
        call = cls(operation, chain_id, contract, now + lifetime)
        check_time(operation, call.deadline, now)
        return call

    @property
    def digest(self) -> bytes:
        """What the signature is over."""
        domain = _struct_hash(
            "EIP712Domain",
            _DOMAIN,
            keccak256(NAME.encode()),
            keccak256(VERSION.encode()),
            abi.word("uint256", self.chain_id),
            abi.word("address", self.contract),
        )
        primary, members = self._message()
        call = _struct_hash(
            primary,
            [(name, kind) for name, kind, _ in members],
            *(abi.word(kind, value) for _, kind, value in members),
        )
        return keccak256(b"\x19\x01" + domain + call)

    def to_json(self) -> dict[str, JsonValue]:
        """The call as wallets take it for `eth_signTypedData_v4`."""
        primary, members = self._message()
        return {
            "types": {
                "EIP712Domain": _listed(_DOMAIN),
                primary: _listed([(name, kind) for name, kind, _ in members]),
            },
            "primaryType": primary,
            "domain": {
                "name": NAME,
                "version": VERSION,
                "chainId": self.chain_id,
                "verifyingContract": f"0x{self.contract.hex()}",
            },
            "message": {name: _plain(value) for name, _, value in members},
        }

    def _message(self) -> tuple[str, list[Member]]:
        primary, members = _signed(self.operation)
        return primary, [*members, ("deadline", "uint256", self.deadline)]


@dataclass(frozen=True, slots=True)
class AuthorizedCall:
    """What is brought to the chain, by anybody: an operation with its authority's signature.

    Operations that anybody may order have neither deadline nor signature: 0 and no bytes. So has a change of an
    identity, whose data hold its owner's.
    """

    operation: Operation
    deadline: int = 0
    signature: bytes = b""

    def __post_init__(self) -> None:
        free = isinstance(self.operation, OpenNamespace | CompleteRecovery | ChangeIdentity)
        if free != (not self.signature) or free != (not self.deadline):
            raise CallError(
                f"{type(self.operation).__name__} takes "
                f"{'no signature and no deadline' if free else 'a signature and a deadline'}",
                code="call.unsigned",
                remedy="Leave both away for what anybody may order; have everything else signed.",
            )
        if len(self.signature) > MAX_SIGNATURE_BYTES or not 0 <= self.deadline <= cbor.MAX_INTEGER:
            raise CallError(
                f"a signature of {len(self.signature)} bytes until {self.deadline}",
                code="call.too_large",
                remedy=f"Signatures have 65 bytes, those of contracts at most {MAX_SIGNATURE_BYTES}.",
            )

    @property
    def id(self) -> bytes:
        """By which the call is known: the same call twice is one."""
        return sha256(self.encode()).digest()

    @property
    def expires(self) -> int | None:
        """Time of the latest block that could take the call; None where none is too late."""
        match self.operation:
            case OpenNamespace() | CompleteRecovery() | ChangeIdentity():
                return None
            case SetHead(valid_until=valid_until):
                return min(self.deadline, valid_until - 1)
            case RotateAuthority(acceptance=acceptance) | RequestRecovery(acceptance=acceptance):
                return min(self.deadline, acceptance.deadline)
            case _:
                return self.deadline

    def data(self) -> bytes:
        """The bytes with which the contract is called."""
        if isinstance(self.operation, ChangeIdentity):
            return self.operation.data
        function, arguments = _arguments(self)
        return abi.call_data(function, arguments)

    def encode(self) -> bytes:
        """The call as CBOR."""
        return cbor.encode(
            [tags.CALL, _NUMBERS[type(self.operation)], _packed(self.operation), self.deadline, self.signature]
        )

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """The call that `encode` wrote; raises CborError and CallError."""
        number, packed, deadline, signature = cbor.tagged(data, tags.CALL, 4)
        kind = _KINDS.get(cbor.as_integer(number))
        if kind is None:
            raise cbor.shape("the number of an operation", number)
        return cls(_unpacked(kind, packed), cbor.as_integer(deadline), cbor.as_bytes(signature))


class AuthoritySigner(Protocol):
    """Whoever holds an authority's key, or a recovery key; never the key that pays for gas."""

    @property
    def address(self) -> bytes:
        """The address of the key, 20 bytes."""

    async def sign(self, call: TypedCall) -> bytes:
        """The signature over the call: r, s, v in 65 bytes; s in the lower half of its range, v 27 or 28."""


async def authorize(call: TypedCall, signer: AuthoritySigner) -> AuthorizedCall:
    """The call with its signer's word, which is compared with the signer's address: a wrong one costs gas for nothing.

    Raises CallError for a signature that is not by this signer.
    """
    if isinstance(call.operation, Accept):
        raise CallError(
            "an acceptance is no call",
            code="call.unsigned",
            remedy="Have it signed by `accepted`, and put it into the operation that names the successor.",
        )
    return AuthorizedCall(call.operation, call.deadline, await _signed_by(signer, call))


async def accepted(
    namespace: bytes, successor: AuthoritySigner, *, chain_id: int, contract: bytes, deadline: int
) -> Acceptance:
    """The successor's word that it will be the authority of this namespace."""
    call = TypedCall(Accept(namespace, successor.address), chain_id, contract, deadline)
    return Acceptance(deadline, await _signed_by(successor, call))


def check_time(operation: Operation | Accept, deadline: int, now: int) -> None:
    """Refuse, with a CallError, what the contract refuses at this time and at every later one, or not yet takes."""
    if not isinstance(operation, OpenNamespace | CompleteRecovery | ChangeIdentity):
        _check_deadline(deadline, now, far=isinstance(operation, WithdrawAccreditation))
    match operation:
        case SetHead(valid_until=valid_until) if valid_until <= now:
            raise _untimely(f"the list may be relied on until {valid_until}, which is over", "call.period")
        case RotateAuthority(acceptance=acceptance) | RequestRecovery(acceptance=acceptance):
            _check_deadline(acceptance.deadline, now, far=False)
        case _:
            pass


def _check_deadline(deadline: int, now: int, *, far: bool) -> None:
    if deadline < now:
        raise _untimely(f"the deadline {deadline} is over at {now}", "call.deadline")
    if deadline > (ENDLESS if far else now + MAX_DELAY):
        raise _untimely(f"the deadline {deadline} is more than {MAX_DELAY} seconds behind {now}", "call.deadline")


async def _signed_by(signer: AuthoritySigner, call: TypedCall) -> bytes:
    signature = await signer.sign(call)
    if secp256k1.signer_of(call.digest, signature) != signer.address:
        raise CallError(
            f"the signature {shown(signature)} is not by {shown(signer.address)}",
            code="call.signature",
            remedy="Check which key the signer holds, and that it signs typed data as EIP-712 says.",
        )
    return signature


def _signed(operation: Operation | Accept) -> tuple[str, list[Member]]:  # noqa: PLR0911 - one for each struct
    """The struct that is signed, but for the deadline at its end."""
    match operation:
        case AnchorValue(namespace, value):
            return "Anchor", [("namespace", "bytes32", namespace), ("root", "bytes32", value)]
        case SetHead(namespace, list_id, digest, version, valid_until):
            return "SetHead", [
                ("namespace", "bytes32", namespace),
                ("listId", "bytes32", list_id),
                ("digest", "bytes32", digest),
                ("version", "uint64", version),
                ("validUntil", "uint48", valid_until),
                ("isSealed", "bool", valid_until == ENDLESS),
            ]
        case Accredit(body, subject, scope, sequence, valid_from, valid_until, evidence):
            return "Accredit", [
                *_line(body, subject, scope, sequence),
                ("validFrom", "uint48", valid_from),
                ("validUntil", "uint48", valid_until),
                ("evidence", "bytes32", evidence),
            ]
        case WithdrawAccreditation(body, subject, scope, sequence):
            return "RevokeAccreditation", _line(body, subject, scope, sequence)
        case Accept(namespace, successor):
            return "Accept", [("namespace", "bytes32", namespace), ("successor", "address", successor)]
        case RotateAuthority(namespace, index, successor):
            return "Rotate", [
                ("namespace", "bytes32", namespace),
                ("index", "uint32", index),
                ("successor", "address", successor),
            ]
        case RequestRecovery(namespace, sequence, successor, next_commitment):
            return "RequestRecovery", [
                ("namespace", "bytes32", namespace),
                ("sequence", "uint48", sequence),
                ("successor", "address", successor),
                ("nextRecovery", "bytes32", next_commitment),
            ]
        case CancelRecovery(namespace, sequence):
            return "CancelRecovery", [("namespace", "bytes32", namespace), ("sequence", "uint48", sequence)]
        case OpenNamespace() | CompleteRecovery() | ChangeIdentity():
            raise CallError(
                f"{type(operation).__name__} is not signed: anybody may order it",
                code="call.unsigned",
                remedy="Make an AuthorizedCall of it as it is.",
            )


def _line(body: bytes, subject: bytes, scope: bytes, sequence: int) -> list[Member]:
    return [
        ("namespace", "bytes32", body),
        ("subject", "bytes32", subject),
        ("scope", "bytes32", scope),
        ("sequence", "uint32", sequence),
    ]


def _arguments(call: AuthorizedCall) -> tuple[str, list[tuple[abi.Kind, abi.Value]]]:
    """The function and its arguments: mostly what is signed, with the signature behind it."""
    word: list[tuple[abi.Kind, abi.Value]] = [("uint256", call.deadline), ("bytes", call.signature)]
    match call.operation:
        case OpenNamespace(authority, recovery, salt):
            return "open", [("address", authority), ("bytes32", recovery), ("bytes32", salt)]
        case CompleteRecovery(namespace):
            return "completeRecovery", [("bytes32", namespace)]
        case RotateAuthority(acceptance=acceptance):
            consent = (acceptance.deadline, acceptance.signature)
            return "rotateFor", [*_values(call.operation), (_ACCEPTANCE, consent), *word]
        case RequestRecovery(recovery_salt=salt, acceptance=acceptance, recovery_key=key):
            consent = (acceptance.deadline, acceptance.signature)
            opened: list[tuple[abi.Kind, abi.Value]] = [("bytes32", salt), (_ACCEPTANCE, consent), ("address", key)]
            return "requestRecoveryFor", [*_values(call.operation), *opened, *word]
        case CancelRecovery(recovery_salt=salt, recovery_key=key):
            return "cancelRecoveryFor", [*_values(call.operation), ("bytes32", salt), ("address", key), *word]
        case _:
            primary, _ = _signed(call.operation)
            return f"{primary[0].lower()}{primary[1:]}For", [*_values(call.operation), *word]


def _values(operation: Operation) -> list[tuple[abi.Kind, abi.Value]]:
    return [(kind, value) for _, kind, value in _signed(operation)[1]]


def _struct_hash(name: str, members: Iterable[tuple[str, str]], *words: bytes) -> bytes:
    signature = f"{name}({','.join(f'{kind} {member}' for member, kind in members)})"
    return keccak256(keccak256(signature.encode()) + b"".join(words))


def _listed(members: Iterable[tuple[str, str]]) -> list[JsonValue]:
    return [{"name": name, "type": kind} for name, kind in members]


def _plain(value: abi.Value) -> JsonValue:
    """Numbers as decimal text: JavaScript would round the larger ones."""
    match value:
        case bool():
            return value
        case bytes():
            return f"0x{value.hex()}"
        case _:
            return str(value)


def _packed(value: Operation | Acceptance) -> list[cbor.Value]:
    items = (getattr(value, field.name) for field in fields(value))
    return [_packed(item) if isinstance(item, Acceptance) else item for item in items]


def _unpacked[T: Operation | Acceptance](kind: type[T], packed: cbor.Value) -> T:
    """The members by the types that they are declared with, of which there are three."""
    wanted = fields(kind)
    members: list[Any] = []
    for field, item in zip(wanted, cbor.as_list(packed, len(wanted)), strict=True):
        if field.type is int:
            members.append(cbor.as_integer(item))
        elif field.type is bytes:
            members.append(cbor.as_bytes(item))
        else:
            members.append(_unpacked(Acceptance, item))
    return kind(*members)


def _untimely(message: str, code: str) -> CallError:
    return CallError(message, code=code, remedy="Make and sign the call anew; compare this machine's clock.")
