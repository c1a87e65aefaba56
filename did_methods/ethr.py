"""did:ethr: an account on a chain, whose document changes by the events of a registry there.

It takes nothing to make one. What was changed, and when, the chain tells through a reader that is handed over; nothing
here touches a network or a clock.

Spec: https://github.com/decentralized-identity/ethr-did-resolver/blob/master/doc/did-method-spec.md
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final, NoReturn

from did_methods.accounts import EIP155, ethereum_address, parse_account
from did_methods.did import Did, parse_did
from did_methods.errors import (
    AbsentError,
    DidMethodsError,
    EventsError,
    InvalidDidError,
    InvalidKeyError,
    UnavailableError,
    UnsupportedError,
    UnsupportedEventsError,
    shown,
)
from did_methods.ethr_document import (
    ENCRYPTION,
    MULTIKEY,
    SIGNING_DELEGATE,
    ReadJson,
    Subject,
    counted,
    document_at,
    stamp,
)
from did_methods.ethr_events import Block, Change, EventReader, read_changes
from did_methods.json_web_key import JsonObject
from did_methods.multikey import KeyType, PublicKey
from did_methods.resolution import Problem, Resolution
from did_methods.versions import VersionQuery

METHOD: Final = "ethr"
MAINNET: Final = "mainnet"
NETWORKS: Final[Mapping[str, int]] = MappingProxyType(
    {
        MAINNET: 1,
        "sepolia": 11_155_111,
        "holesky": 17_000,
        "gno": 100,
        "polygon": 137,
        "polygon:test": 80_001,
        "aurora": 1_313_161_554,
        "linea:goerli": 59_140,
        "ewc": 246,
        "volta": 73_799,
        "artis:sigma1": 246_529,
        "artis:tau1": 246_785,
    }
)
"""The chains that go by a name; every other one is named by its number."""

_IDENTIFIER: Final = re.compile(r"(?:(?P<network>.+):)?0x(?P<digits>[0-9a-fA-F]{40}|[0-9a-fA-F]{66})")
_CHAIN_ID: Final = re.compile(r"0x[1-9a-f][0-9a-f]{0,15}")
_ADDRESS_DIGITS: Final = 40
_BLOCK_NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,15}", re.ASCII)
# Keys whose form every reader of did:ethr knows; all others are written as Multikeys.
_ATTRIBUTES: Final = MappingProxyType(
    {
        KeyType.SECP256K1: f"did/pub/Secp256k1/{SIGNING_DELEGATE}/hex",
        KeyType.ED25519: f"did/pub/Ed25519/{SIGNING_DELEGATE}/base58",
        KeyType.X25519: f"did/pub/X25519/{ENCRYPTION}/base58",
    }
)


def create(key: PublicKey, *, network: str | None = None) -> Did:
    """The DID that a secp256k1 key is, on a chain by its name or number (`0x7a69`); without one, the main chain.

    The key stands in the document, so what it signs can be checked before anything is written to the chain.
    """
    if key.type is not KeyType.SECP256K1:
        raise InvalidKeyError(
            f"a did:ethr is made of a secp256k1 key, not of one of type {key.type}",
            code="key.mismatch",
            remedy="Make a secp256k1 key, and write keys of other types into the registry.",
        )
    did = parse_did(":".join((f"did:{METHOD}", *((network,) if network else ()), f"0x{key.raw.hex()}")))
    subject_of(did)
    return did


def controller_key_id(did: Did) -> str:
    """The id of the verification method that is the key of the DID."""
    return f"{did}#controllerKey"


def key_attribute(key: PublicKey) -> tuple[bytes, bytes]:
    """Name and value of the attribute by which an identity has a key: for encryption where it can do nothing else."""
    if key.type in _ATTRIBUTES:
        return attribute_name(_ATTRIBUTES[key.type]), key.raw
    return attribute_name(f"did/pub/{MULTIKEY}/{SIGNING_DELEGATE}"), key.multicodec


def attribute_name(text: str) -> bytes:
    """The 32 bytes that an attribute, or a kind of delegate, is called by; raises InvalidDidError for a longer one."""
    name = text.encode()
    if not 0 < len(name) <= 32 or b"\0" in name:  # noqa: PLR2004 - a word of the chain
        raise InvalidDidError(
            f"{shown(text)} is no name of an attribute: it has 1 to 32 bytes",
            code="did.syntax",
            remedy="Choose a shorter name.",
        )
    return name.ljust(32, b"\0")


def subject_of(did: Did) -> Subject:
    """Whom a did:ethr is about.

    Raises InvalidDidError, InvalidKeyError for a key that is none, and UnsupportedEventsError for chains by names that
    are not known here.
    """
    named = _IDENTIFIER.fullmatch(did.identifier) if did.method == METHOD else None
    if named is None:
        _refuse(did, "is not a did:ethr: perhaps a chain, then an address or a compressed public key in hexadecimal")
    chain_id, digits = _chain_id(did, named["network"]), named["digits"]
    if len(digits) == _ADDRESS_DIGITS:
        account = parse_account(f"{EIP155}:{chain_id}:0x{digits}")  # a wrong checksum is refused
        return Subject(did, bytes.fromhex(account.address[2:]), chain_id)
    key = PublicKey(KeyType.SECP256K1, bytes.fromhex(digits))
    return Subject(did, ethereum_address(key), chain_id, key.raw)


def resolution_of(
    subject: Subject, changes: Sequence[Change], read_json: ReadJson, *, now: int, at: Block | None = None
) -> Resolution:
    """The document of an identity with these events, oldest first, as of a block, or of now.

    As of a block, what is valid until a time is compared with the time of that block, which may have no event at all.

    Spec: https://github.com/decentralized-identity/ethr-did-resolver/blob/master/doc/did-method-spec.md#versionid-query-string-parameter
    """
    updates = counted(changes)
    until = [change for change in updates if at is None or change.block.number <= at.number]
    built = document_at(subject, until, now if at is None else at.time, read_json)
    return Resolution(
        built.document,
        ({"deactivated": True} if built.deactivated else {})
        | (_named("versionId", "updated", until[-1].block) if until else {})
        | (_named("nextVersionId", "nextUpdate", updates[len(until)].block) if len(until) < len(updates) else {}),
    )


@dataclass(frozen=True, slots=True)
class EthrMethod:
    """did:ethr for the registry of a resolver; it can be asked for any version.

    `reader` gives what reads a chain, by its number, once; or None for a chain that nobody is asked about.
    """

    reader: Callable[[int], EventReader | None]
    read_json: ReadJson
    now: Callable[[], int]

    async def resolve(self, did: Did) -> Resolution:
        """The document that is in force now, or why there is none."""
        return await self.resolve_version(did, VersionQuery())

    async def resolve_version(self, did: Did, query: VersionQuery) -> Resolution:
        """The document as of a block (`versionId`), of a time (`versionTime`) or of now, or why there is none."""
        try:
            subject = subject_of(did)
        except UnsupportedEventsError as error:
            return Resolution.failed(Problem.FEATURE_NOT_SUPPORTED, f"{error}. {error.remedy}")
        except DidMethodsError as error:
            return Resolution.refused(error)
        try:
            return await self._read(subject, query)
        except UnsupportedError as error:
            return Resolution.failed(Problem.FEATURE_NOT_SUPPORTED, f"{error}. {error.remedy}")
        except (UnavailableError, EventsError) as error:
            return Resolution.failed(Problem.INTERNAL_ERROR, f"{error}. {error.remedy}")

    async def _read(self, subject: Subject, query: VersionQuery) -> Resolution:
        reader = self.reader(subject.chain_id)
        if reader is None:
            raise UnavailableError(
                f"nobody is asked about chain {subject.chain_id}",
                code="ethr.nobody",
                remedy="Name a node of the chain in your trust file, and connect.",
            )
        if query.version_number is not None:
            raise UnsupportedEventsError(
                "versions of did:ethr have no numbers of their own",
                code="ethr.version",
                remedy="Ask for a block by versionId, or for a time by versionTime.",
            )
        now, asked = self.now(), query.version_id
        changes = await read_changes(reader, subject.address)
        at = None
        if query.version_time is not None:
            time = int(query.version_time.timestamp())
            if time > max(now, changes.at.time):
                return _no_version(subject, "that time has not come yet")
            at = _as_of(changes.events, time)
        elif asked is not None:
            if not _BLOCK_NUMBER.fullmatch(asked):
                return _no_version(subject, "versions are called by the numbers of blocks")
            try:
                at = await reader.block(int(asked))
            except AbsentError:
                return _no_version(subject, "there is no such block, or none that is final")
        answer = resolution_of(subject, changes.events, self.read_json, now=now, at=at)
        return replace(answer, files=await reader.evidence())


def _named(version: str, time: str, block: Block) -> JsonObject:
    return {version: str(block.number), time: stamp(block.time)}


def _as_of(changes: Sequence[Change], time: int) -> Block:
    """The last block with an event by a time, as if it had been at that very time."""
    numbers = [change.block.number for change in changes if change.block.time <= time]
    return Block(numbers[-1] if numbers else 0, time)


def _no_version(subject: Subject, reason: str) -> Resolution:
    return Resolution.failed(Problem.NOT_FOUND, f"{shown(str(subject.did))} has no such version: {reason}.")


def _chain_id(did: Did, network: str | None) -> int:
    if network is None:
        return NETWORKS[MAINNET]
    if network in NETWORKS:
        return NETWORKS[network]
    if _CHAIN_ID.fullmatch(network):
        return int(network, 16)
    if network.startswith("0x"):
        _refuse(did, f"names no chain by {shown(network)}: its number stands in lower case, without leading zeros")
    raise UnsupportedEventsError(
        f"the chain {shown(network)} is not known here",
        code="ethr.network",
        remedy=f"Name it by its number, like 0x7a69; known names are {', '.join(NETWORKS)}.",
    )


def _refuse(did: Did, reason: str) -> NoReturn:
    raise InvalidDidError(
        f"{shown(str(did))} {reason}",
        code="did.syntax",
        remedy="Compare the identifier with its source, letter by letter; do not rely on it as it stands.",
    )
