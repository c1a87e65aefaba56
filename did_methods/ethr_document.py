"""The document of a did:ethr, out of the events of its identity: as it was at a time, and as it was ever.

Nothing is judged of what a controller wrote: a value that is no key stands in the document all the same, as other
readers show it, and is refused where somebody wants to rely on it.

Spec: https://github.com/decentralized-identity/ethr-did-resolver/blob/master/doc/did-method-spec.md#read-resolve
"""

import re
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from types import MappingProxyType
from typing import Final, Literal

from did_methods.accounts import EIP155, checksummed
from did_methods.did import Did
from did_methods.ethr_events import LAST_MOMENT, NOBODY, AttributeChanged, Change, DelegateChanged, OwnerChanged
from did_methods.history import KeyEvidence, KeyHistory
from did_methods.json_web_key import JsonObject, JsonValue
from did_methods.multibase import encode_base58btc, to_base58

type ReadJson = Callable[[bytes], JsonValue]
"""The value of a JSON text; raises ValueError for anything else."""

# All three, whatever stands in the document, as those who read did:ethr expect; a list is made anew for each.
CONTEXTS: Final = (
    "https://www.w3.org/ns/did/v1",
    "https://w3id.org/security/suites/secp256k1recovery-2020/v2",
    "https://w3id.org/security/v3-unstable",
)
AUTHENTICATION: Final = "authentication"
ASSERTION: Final = "assertionMethod"
AGREEMENT: Final = "keyAgreement"
MULTIKEY: Final = "Multikey"
SIGNING_DELEGATE: Final = "veriKey"
AUTHENTICATING_DELEGATE: Final = "sigAuth"
ENCRYPTION: Final = "enc"

_RECOVERY: Final = "EcdsaSecp256k1RecoveryMethod2020"
_SECP256K1: Final = "EcdsaSecp256k1VerificationKey2019"
_ED25519: Final = "Ed25519VerificationKey2018"
_ATTRIBUTE: Final = re.compile(
    r"did/(?P<part>pub|svc)/(?P<kind>\w+)(?:/(?P<purpose>\w+))?(?:/(?P<form>\w+))?", re.ASCII
)
_DELEGATES: Final = MappingProxyType(
    {SIGNING_DELEGATE: (ASSERTION,), AUTHENTICATING_DELEGATE: (AUTHENTICATION, ASSERTION)}
)
_PURPOSES: Final = MappingProxyType({AUTHENTICATING_DELEGATE: (AUTHENTICATION, ASSERTION), ENCRYPTION: (AGREEMENT,)})
"""What a key may be used for; any other purpose means statements."""
# The type of a method by algorithm and purpose; every other algorithm is a type by its own name.
_TYPES: Final = MappingProxyType(
    {
        ("Secp256k1", SIGNING_DELEGATE): _SECP256K1,
        ("Secp256k1", AUTHENTICATING_DELEGATE): _SECP256K1,
        ("Ed25519", SIGNING_DELEGATE): _ED25519,
        ("Ed25519", AUTHENTICATING_DELEGATE): _ED25519,
        ("RSA", SIGNING_DELEGATE): "RSAVerificationKey2018",
        ("X25519", ENCRYPTION): "X25519KeyAgreementKey2019",
    }
)


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom a document is about: its DID, its account, the chain, and its key where the DID is the key."""

    did: Did
    address: bytes
    chain_id: int
    public_key: bytes | None = None


@dataclass(frozen=True, slots=True)
class Built:
    """A document, and whether its controller has given the DID up."""

    document: JsonObject
    deactivated: bool


@dataclass(frozen=True, slots=True)
class _Part:
    """What an event adds to a document: a method or a service, and where a method is listed."""

    entry: JsonObject
    lists: tuple[str, ...] = ()
    valid_to: int = 0


def counted(changes: Iterable[Change]) -> list[Change]:
    """The events that are updates of a document: not those of other uses of the registry, nor any after the end."""
    found = []
    for change in changes:
        event = change.event
        if isinstance(event, OwnerChanged):
            found.append(change)
            if event.owner == NOBODY:
                break
        elif _text(event.kind if isinstance(event, DelegateChanged) else event.name) is not None:
            found.append(change)
    return found


def document_at(subject: Subject, changes: Iterable[Change], time: int, read_json: ReadJson) -> Built:
    """The document that these events, oldest first, leave at a time."""
    return _build(subject, changes, time, read_json, ends=False)


def history_of(
    subject: Subject,
    changes: Sequence[Change],
    read_json: ReadJson,
    evidence: KeyEvidence = KeyEvidence.ANCHORED,
) -> KeyHistory:
    """All documents there were, each from the time of a block on, with the end of each key as far as it is set.

    What several blocks of one time say counts as one. `evidence` is what the chain's times are worth. Raises
    DidMethodsError for a document that breaks the data model.
    """
    documents: list[tuple[datetime | None, Built]] = [(None, _build(subject, (), 0, read_json, ends=True))]
    for time, _ in groupby(changes, key=lambda change: change.block.time):
        until = [change for change in changes if change.block.time <= time]
        built = _build(subject, until, time, read_json, ends=True)
        if built != documents[-1][1]:
            documents.append((_moment(time), built))
    ends = [since for since, _ in documents[1:]]
    return KeyHistory.of(
        (since, until, built.document, evidence) for (since, built), until in zip(documents, (*ends, None), strict=True)
    )


def stamp(time: int) -> str:
    """A time as documents and their metadata have it."""
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _build(subject: Subject, changes: Iterable[Change], time: int, read_json: ReadJson, *, ends: bool) -> Built:
    """The document.

    1. Who owns the identity is its controller; once that is nobody, all is over, whatever the registry says later.
    2. Each event about delegates or attributes takes the place of the one before about the same: the last one counts,
       if it is still valid.
    3. Keys are numbered by the events about keys and delegates, services by those about services. Events count also
       when what they brought is over, so no number ever means something else.
    4. The controller comes first; then its key, where the DID is that key and nobody else is the owner.

    Spec: https://github.com/decentralized-identity/ethr-did-resolver/blob/master/doc/did-method-spec.md#id-properties-of-entries
    """
    owner, keys, services = subject.address, 0, 0
    methods: dict[object, _Part] = {}
    offers: dict[object, _Part] = {}
    for change in changes:
        event = change.event
        if isinstance(event, OwnerChanged):  # 1.
            owner = event.owner
            if owner == NOBODY:
                return Built(_document(subject, [], []), deactivated=True)
            continue
        section = _section(event)
        if section is None:
            continue
        if section == "method":  # 3.
            keys += 1
        else:
            services += 1
        place = methods if section == "method" else offers
        number = keys if section == "method" else services
        part = _part(subject, event, number, read_json) if event.valid_to and event.valid_to >= time else None
        about = _about(event)
        if part is None:  # 2.
            place.pop(about, None)
        else:
            place[about] = part
    listed = [*_controller(subject, owner), *(_ended(part) if ends else part for part in methods.values())]  # 4.
    return Built(_document(subject, listed, [part.entry for part in offers.values()]), deactivated=False)


def _document(subject: Subject, methods: Sequence[_Part], services: Sequence[JsonObject]) -> JsonObject:
    document: JsonObject = {
        "@context": list(CONTEXTS),
        "id": str(subject.did),
        "verificationMethod": [part.entry for part in methods],
    }
    for name in (AUTHENTICATION, ASSERTION, AGREEMENT):
        listed: list[JsonValue] = [part.entry["id"] for part in methods if name in part.lists]
        if listed or name != AGREEMENT:
            document[name] = listed
    if services:
        document["service"] = list(services)
    return document


def _controller(subject: Subject, owner: bytes) -> Iterator[_Part]:
    lists = (AUTHENTICATION, ASSERTION)
    yield _Part(_method(subject, "controller", _RECOVERY) | {"blockchainAccountId": _account(subject, owner)}, lists)
    if subject.public_key is not None and owner == subject.address:
        key = _method(subject, "controllerKey", _SECP256K1)
        yield _Part(key | {"publicKeyHex": subject.public_key.hex()}, lists)


def _section(event: DelegateChanged | AttributeChanged) -> Literal["method", "service"] | None:
    """Which numbers an event counts among; None for what is not about documents."""
    if isinstance(event, DelegateChanged):
        return None if _text(event.kind) is None else "method"
    named = _ATTRIBUTE.fullmatch(_text(event.name) or "")
    if named is None:
        return None
    return "method" if named["part"] == "pub" else "service"


def _about(event: DelegateChanged | AttributeChanged) -> object:
    """What an event is about: another one about the same takes its place."""
    if isinstance(event, DelegateChanged):
        return event.kind, event.delegate
    return event.name, event.value, "attribute"


def _part(
    subject: Subject, event: DelegateChanged | AttributeChanged, number: int, read_json: ReadJson
) -> _Part | None:
    if isinstance(event, DelegateChanged):
        lists = _DELEGATES.get(_text(event.kind) or "")
        if lists is None:
            return None
        entry = _method(subject, f"delegate-{number}", _RECOVERY)
        return _Part(entry | {"blockchainAccountId": _account(subject, event.delegate)}, lists, event.valid_to)
    named = _ATTRIBUTE.fullmatch(_text(event.name) or "")
    if named is None:
        return None
    if named["part"] == "svc":
        return _service(subject, named["kind"], event.value, number, read_json)
    kind, purpose = named["kind"], named["purpose"]
    material = _material(kind, named["form"], event.value)
    if material is None:
        return None
    entry = _method(subject, f"delegate-{number}", _TYPES.get((kind, purpose), kind))
    return _Part(entry | material, _PURPOSES.get(purpose, (ASSERTION,)), event.valid_to)


def _material(kind: str, form: str | None, value: bytes) -> JsonObject | None:
    """The member with the key. A Multikey is written as one, whatever form is asked for: it has no other."""
    if kind == MULTIKEY:
        return {"publicKeyMultibase": encode_base58btc(value)}
    match form:
        case None | "hex":
            return {"publicKeyHex": value.hex()}
        case "base64":
            return {"publicKeyBase64": b64encode(value).decode("ascii")}
        case "base58":
            return {"publicKeyBase58": to_base58(value)}
        case "pem":
            text = _utf8(value)
            return None if text is None else {"publicKeyPem": text}
        case _:
            return {"value": value.hex()}


def _service(subject: Subject, kind: str, value: bytes, number: int, read_json: ReadJson) -> _Part | None:
    """A service: where it is stands as text, or as the JSON of an object or a list."""
    text = _utf8(value)
    if text is None:
        return None
    endpoint: JsonValue = text
    try:
        read = read_json(value)
    except ValueError:
        read = None  # it is text
    if isinstance(read, str | dict | list):
        endpoint = read
    return _Part({"id": f"{subject.did}#service-{number}", "type": kind, "serviceEndpoint": endpoint})


def _method(subject: Subject, fragment: str, method_type: str) -> JsonObject:
    return {"id": f"{subject.did}#{fragment}", "type": method_type, "controller": str(subject.did)}


def _ended(part: _Part) -> _Part:
    """A method that says until when it is one: to the end of the second in which its time is up."""
    if not 0 < part.valid_to < LAST_MOMENT:
        return part
    return _Part(part.entry | {"expires": stamp(part.valid_to + 1)}, part.lists)


def _account(subject: Subject, address: bytes) -> str:
    return f"{EIP155}:{subject.chain_id}:{checksummed(address)}"


def _text(word: bytes) -> str | None:
    """The text in a word, which zeros fill up; None where it is none, so that the event is about something else."""
    return _utf8(word.rstrip(b"\0"))


def _utf8(data: bytes) -> str | None:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _moment(time: int) -> datetime:
    return datetime.fromtimestamp(time, UTC)
