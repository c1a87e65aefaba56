"""Calls of the registry of identities of ERC-1056: made by the owner, or signed by the owner and brought by anybody.

What is signed names the registry and a number of the signer's, and no chain: where the same registry stands at the same
address on two chains, a call that was signed for one of them can be brought to the other.

Spec: https://eips.ethereum.org/EIPS/eip-1056, https://eips.ethereum.org/EIPS/eip-191
"""

from dataclasses import dataclass
from typing import Final

from anchoring import abi, secp256k1
from anchoring.errors import CallError, shown
from anchoring.keccak import keccak256
from anchoring.storage_proof import ADDRESS_BYTES, WORD_BYTES

MAX_VALUE_BYTES: Final = 8 * 1024
"""As much of an attribute as readers take."""
MAX_VALIDITY: Final = 2**63
"""In seconds; added to the time of a block, it has to stay a number that the registry holds."""
_PREFIX: Final = b"\x19\x00"


@dataclass(frozen=True, slots=True)
class ChangeOwner:
    """Hand the identity over; to the address of zeros, to give it up."""

    identity: bytes
    owner: bytes

    def __post_init__(self) -> None:
        _check(addresses=[self.identity, self.owner])


@dataclass(frozen=True, slots=True)
class AddDelegate:
    """Let an account speak for the identity, for so many seconds from then."""

    identity: bytes
    kind: bytes
    delegate: bytes
    validity: int

    def __post_init__(self) -> None:
        _check(addresses=[self.identity, self.delegate], words=[self.kind], validity=self.validity)


@dataclass(frozen=True, slots=True)
class RevokeDelegate:
    """Let an account speak for the identity no more."""

    identity: bytes
    kind: bytes
    delegate: bytes

    def __post_init__(self) -> None:
        _check(addresses=[self.identity, self.delegate], words=[self.kind])


@dataclass(frozen=True, slots=True)
class SetAttribute:
    """Say of the identity what name and value are, for so many seconds from then."""

    identity: bytes
    name: bytes
    value: bytes
    validity: int

    def __post_init__(self) -> None:
        _check(addresses=[self.identity], words=[self.name], value=self.value, validity=self.validity)


@dataclass(frozen=True, slots=True)
class RevokeAttribute:
    """Say so no more."""

    identity: bytes
    name: bytes
    value: bytes

    def __post_init__(self) -> None:
        _check(addresses=[self.identity], words=[self.name], value=self.value)


type RegistryCall = ChangeOwner | AddDelegate | RevokeDelegate | SetAttribute | RevokeAttribute
type _Argument = tuple[abi.Kind, abi.Value]

GIVEN_UP: Final = bytes(ADDRESS_BYTES)
"""The owner of an identity that was given up."""


def call_data(call: RegistryCall) -> bytes:
    """The call as the owner sends it."""
    function, arguments = _described(call)
    return abi.call_data(function, [("address", call.identity), *arguments])


def digest(call: RegistryCall, *, registry: bytes, nonce: int) -> bytes:
    """What the owner signs so that anybody may bring the call; `nonce` is the registry's count for `nonce_holder`."""
    _check(addresses=[registry])
    function, arguments = _described(call)
    packed = b"".join(_packed(kind, value) for kind, value in arguments)
    counted = abi.word("uint256", nonce)
    return keccak256(_PREFIX + registry + counted + call.identity + function.encode("ascii") + packed)


def signed_call_data(call: RegistryCall, signature: bytes) -> bytes:
    """The call with the owner's signature: r, s, v in 65 bytes, as `secp256k1.signer_of` takes it."""
    if len(signature) != secp256k1.SIGNATURE_BYTES:
        raise _error(f"{shown(signature)} is no signature of {secp256k1.SIGNATURE_BYTES} bytes", "call.signature")
    r, s, v = signature[:WORD_BYTES], signature[WORD_BYTES:-1], signature[-1]
    function, arguments = _described(call)
    signed: list[_Argument] = [("uint8", v), ("bytes32", r), ("bytes32", s)]
    return abi.call_data(f"{function}Signed", [("address", call.identity), *signed, *arguments])


def nonce_holder(call: RegistryCall, owner: bytes, *, of_old: bool = False) -> bytes:
    """Whose count goes into what is signed: the owner's.

    The registry that was first deployed (`of_old`) takes the identity's own for attributes, and counts the owner's.
    """
    return call.identity if of_old and isinstance(call, SetAttribute | RevokeAttribute) else owner


def _described(call: RegistryCall) -> tuple[str, list[_Argument]]:
    """The name of the function, and its arguments behind the identity."""
    match call:
        case ChangeOwner():
            return "changeOwner", [("address", call.owner)]
        case AddDelegate():
            return "addDelegate", [
                ("bytes32", call.kind),
                ("address", call.delegate),
                ("uint256", call.validity),
            ]
        case RevokeDelegate():
            return "revokeDelegate", [("bytes32", call.kind), ("address", call.delegate)]
        case SetAttribute():
            return "setAttribute", [("bytes32", call.name), ("bytes", call.value), ("uint256", call.validity)]
        case RevokeAttribute():
            return "revokeAttribute", [("bytes32", call.name), ("bytes", call.value)]


def _packed(kind: abi.Kind, value: abi.Value) -> bytes:
    """A value without padding, as `abi.encodePacked` has it: what is no number stands as it is."""
    return value if isinstance(value, bytes) else abi.word(str(kind), value)


def _check(*, addresses: list[bytes], words: list[bytes] | None = None, value: bytes = b"", validity: int = 0) -> None:
    for address in addresses:
        if len(address) != ADDRESS_BYTES:
            raise _error(f"{shown(address)} is no address of {ADDRESS_BYTES} bytes", "call.value")
    for word in words or ():
        if len(word) != WORD_BYTES:
            raise _error(f"{shown(word)} is no name of {WORD_BYTES} bytes", "call.value")
    if len(value) > MAX_VALUE_BYTES or not 0 <= validity < MAX_VALIDITY:
        raise _error(
            f"a value of {len(value)} bytes for {validity} seconds; at most {MAX_VALUE_BYTES} are read", "call.value"
        )


def _error(message: str, code: str) -> CallError:
    return CallError(message, code=code, remedy="Give addresses as 20 bytes, names as 32, and a time that ends.")
