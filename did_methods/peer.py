"""did:peer: an identifier that holds its whole document, for two parties who know each other.

Numalgo 0 is one key, 2 is several keys and services, 4 is a document with its hash; the short form of 4 is the hash
alone, and means something to those who have seen the long form. Nothing of it can ever change.

Spec: https://identity.foundation/peer-did-method-spec/
"""

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, NoReturn

from did_methods.did import MAX_DID_CHARS, Did, parse_did
from did_methods.document import Relationship
from did_methods.embedded_json import parse_embedded
from did_methods.errors import DidMethodsError, InvalidDidError, UnsupportedDidError, shown
from did_methods.json_web_key import ENCRYPTION, SIGNATURE, JsonObject, JsonValue, purposes_of_type
from did_methods.key import document_of_key
from did_methods.multibase import decode_base58btc, encode_base58btc
from did_methods.multikey import PublicKey
from did_methods.peer_services import decode_services, encode_service
from did_methods.resolution import Problem, Resolution

METHOD: Final = "peer"
MAX_KEYS: Final = 32
"""A key for each relationship, several times over."""

_CODES: Final[Mapping[str, Relationship]] = MappingProxyType(
    {
        "A": Relationship.ASSERTION_METHOD,
        "D": Relationship.CAPABILITY_DELEGATION,
        "E": Relationship.KEY_AGREEMENT,
        "I": Relationship.CAPABILITY_INVOCATION,
        "V": Relationship.AUTHENTICATION,
    }
)
_CODE_OF: Final = {relationship: code for code, relationship in _CODES.items()}
_SERVICE: Final = "S"
_CONTEXTS: Final = ("https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1")
_BASE58: Final = "[1-9A-HJ-NP-Za-km-z]"
_ELEMENTS: Final = re.compile(rf"(?:\.(?:[ADEIV]z{_BASE58}+|S[A-Za-z0-9_-]+))+")
_HASHED: Final = re.compile(rf"(?P<hash>z{_BASE58}+)(?::(?P<document>z{_BASE58}+))?")
_ALSO_KNOWN_AS: Final = "alsoKnownAs"
_METHODS: Final = "verificationMethod"
# Multicodec json (0x0200) as a varint; multihash sha2-256 of 32 bytes.
_JSON: Final = b"\x80\x04"
_SHA256: Final = b"\x12\x20"


def create_with_key(key: PublicKey) -> Did:
    """The did:peer of numalgo 0 that is this key."""
    return parse_did(f"did:{METHOD}:0{key.to_multibase()}")


def create_with_keys(keys: Sequence[tuple[Relationship, PublicKey]], services: Sequence[JsonObject] = ()) -> Did:
    """The did:peer of numalgo 2 of these keys, each for one relationship, and services; raises InvalidDidError.

    Spec: https://identity.foundation/peer-did-method-spec/#generating-a-didpeer2
    """
    for relationship, key in keys:
        needed = ENCRYPTION if relationship is Relationship.KEY_AGREEMENT else SIGNATURE
        if needed not in purposes_of_type(key.type):
            _refuse(f"a key of type {key.type} cannot serve {relationship}")
    elements = [f".{_CODE_OF[relationship]}{key.to_multibase()}" for relationship, key in keys]
    elements += [f".{_SERVICE}{encode_service(service)}" for service in services]
    did = parse_did(f"did:{METHOD}:2{''.join(elements)}")
    resolve_peer(did)  # what nobody could read back is not made
    return did


def create_with_document(document: JsonObject) -> Did:
    """The did:peer of numalgo 4 of a document without an id, in its long form; raises InvalidDidError.

    Everything in the document that is its own is relative: `#key-1`, never the identifier, which is not known yet.

    Spec: https://identity.foundation/peer-did-method-spec/#creating-a-did
    """
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    encoded = encode_base58btc(_JSON + text.encode())
    did = parse_did(f"did:{METHOD}:4{_hash(encoded)}:{encoded}")
    resolve_peer(did)
    return did


def is_short(did: Did) -> bool:
    """Whether an identifier is the short form of numalgo 4, whose document does not follow from it."""
    return did.method == METHOD and did.identifier.startswith("4") and ":" not in did.identifier


def short_form(did: Did) -> Did:
    """The short form of a did:peer of numalgo 4."""
    if did.method != METHOD or not did.identifier.startswith("4"):
        _refuse(f"{shown(str(did))} has no short form")
    return Did(METHOD, did.identifier.partition(":")[0])


def resolve_peer(did: Did) -> JsonObject:
    """The document that a did:peer holds.

    1. The first character says how it is made; each way has a procedure of its own.
    2. One that holds no document raises UnsupportedDidError: ways 1 and 3, and the short form of 4.

    Spec: https://identity.foundation/peer-did-method-spec/#generation-method
    """
    if did.method != METHOD:
        _refuse(f"{shown(str(did))} is not a did:peer")
    numalgo, rest = did.identifier[0], did.identifier[1:]  # 1.
    read = _NUMALGOS.get(numalgo)
    if read is not None and not is_short(did):
        return read(did, rest)
    if read is None and numalgo not in {"1", "3"}:
        _refuse(f"{shown(str(did))} begins with {numalgo}, which is no way to make a did:peer")
    raise UnsupportedDidError(  # 2.
        f"{shown(str(did))} is a hash: its document is known only to whom it was handed over",
        code="did.hash_alone",
        remedy="Ask its holder for the long form, which contains the document.",
    )


def resolve_short(did: Did, long_form: str) -> JsonObject:
    """The document of a short form, which the long form proves: whoever hands it over is not relied on.

    Spec: https://identity.foundation/peer-did-method-spec/#short-form
    """
    known = parse_did(long_form)
    if not is_short(did) or is_short(known) or short_form(known) != did:
        _refuse(f"{shown(long_form)} is not the long form of {shown(str(did))}")
    document = resolve_peer(known)
    return _contextualized(_decoded(known), did, [*_names(document)[:-1], str(known)])


def long_form_in(document: JsonObject, did: Did) -> str | None:
    """The long form that a document of a short form names, if any; nothing is said of whether it is the right one."""
    prefix = f"{did}:"
    names = document.get(_ALSO_KNOWN_AS)
    listed = names if isinstance(names, list) else []
    return next((name for name in listed if isinstance(name, str) and name.startswith(prefix)), None)


@dataclass(frozen=True, slots=True)
class PeerMethod:
    """did:peer for the registry of a resolver; `long_forms` are those that were handed over, by their short form."""

    long_forms: Mapping[str, str] = MappingProxyType({})

    async def resolve(self, did: Did) -> Resolution:
        """The document, or why the identifier has none."""
        try:
            if is_short(did) and str(did) in self.long_forms:
                return Resolution(resolve_short(did, self.long_forms[str(did)]))
            return Resolution(resolve_peer(did))
        except UnsupportedDidError as error:
            return Resolution.failed(Problem.NOT_FOUND, f"{error}. {error.remedy}")
        except DidMethodsError as error:
            return Resolution.refused(error)


def _resolve_0(did: Did, rest: str) -> JsonObject:
    """One key, and the one derived from it: what did:key says, in another name.

    Spec: https://identity.foundation/peer-did-method-spec/#method-0-inception-key-without-doc
    """
    return document_of_key(str(did), PublicKey.from_multibase(rest))


def _resolve_2(did: Did, rest: str) -> JsonObject:
    """Several keys and services.

    1. The identifier is elements and nothing else: a full stop, a code, and a key or service.
    2. Each key is a method, numbered in the order of the keys, under the relationship of its code.
    3. Each service is one of the document's.

    Spec: https://identity.foundation/peer-did-method-spec/#resolving-a-didpeer2
    """
    if not _ELEMENTS.fullmatch(rest):  # 1.
        _refuse(f"{shown(str(did))} is not made of keys and services, each behind a full stop and a code")
    elements = rest[1:].split(".")
    keys = [element for element in elements if element[0] != _SERVICE]
    if not 0 < len(keys) <= MAX_KEYS:
        _refuse(f"{shown(str(did))} has {len(keys)} keys; there are 1 to {MAX_KEYS}")
    methods: list[JsonValue] = []
    document: JsonObject = {"@context": list[JsonValue](_CONTEXTS), "id": str(did), _METHODS: methods}
    listed: dict[Relationship, list[JsonValue]] = {}
    for number, element in enumerate(keys, start=1):  # 2.
        key = PublicKey.from_multibase(element[1:])
        name = f"#key-{number}"
        methods.append(
            {"id": name, "type": "Multikey", "controller": str(did), "publicKeyMultibase": key.to_multibase()}
        )
        listed.setdefault(_CODES[element[0]], []).append(name)
    document |= {relationship.value: names for relationship, names in listed.items()}
    services = decode_services([element[1:] for element in elements if element[0] == _SERVICE])  # 3.
    return document | {"service": list[JsonValue](services)} if services else document


def _resolve_4(did: Did, _rest: str) -> JsonObject:
    """A document with its hash, put into the context of the identifier.

    Spec: https://identity.foundation/peer-did-method-spec/#resolving-a-did
    """
    document = _decoded(did)
    return _contextualized(document, did, [*_names(document), str(short_form(did))])


_NUMALGOS: Final[Mapping[str, Callable[[Did, str], JsonObject]]] = MappingProxyType(
    {"0": _resolve_0, "2": _resolve_2, "4": _resolve_4}
)


def _decoded(did: Did) -> JsonObject:
    """The document inside a long form.

    1. The hash is that of the encoded document, in its one spelling.
    2. The encoded document is multicodec JSON.
    3. It is an object without an id, whose own methods are relative.
    """
    parts = _HASHED.fullmatch(did.identifier[1:])
    encoded = parts["document"] if parts else None
    if parts is None or encoded is None:
        _refuse(f"{shown(str(did))} is not a hash and a document")
    if parts["hash"] != _hash(encoded):  # 1.
        _refuse(f"the hash in {shown(str(did))} is not that of the document beside it")
    data = decode_base58btc(encoded, max_chars=MAX_DID_CHARS)
    if not data.startswith(_JSON):  # 2.
        _refuse(f"what {shown(str(did))} holds is not marked as JSON")
    document = parse_embedded(data.removeprefix(_JSON))
    if not isinstance(document, dict) or "id" in document:  # 3.
        _refuse("the document inside a did:peer is an object without an id")
    for method in _embedded_methods(document):
        name = method.get("id")
        if not isinstance(name, str) or not name.startswith("#"):
            _refuse(f"the method {shown(name)} inside a did:peer is not relative to it")
    return document


def _contextualized(document: JsonObject, did: Did, names: list[JsonValue]) -> JsonObject:
    """The same document as that of an identifier: with its id, its other names, and who controls its methods."""
    owned: JsonObject = {"controller": str(did)}
    result: JsonObject = dict(document)
    for member in (_METHODS, *Relationship):
        entries = document.get(member)
        if isinstance(entries, list):
            result[str(member)] = [owned | entry if isinstance(entry, dict) else entry for entry in entries]
    return result | {"id": str(did), _ALSO_KNOWN_AS: names}


def _embedded_methods(document: JsonObject) -> list[JsonObject]:
    listed = [document.get(member) for member in (_METHODS, *Relationship)]
    return [entry for entries in listed if isinstance(entries, list) for entry in entries if isinstance(entry, dict)]


def _names(document: JsonObject) -> list[JsonValue]:
    names = document.get(_ALSO_KNOWN_AS, [])
    if not isinstance(names, list):
        _refuse("the other names inside a did:peer are not a list")
    return [*names]


def _hash(encoded: str) -> str:
    return encode_base58btc(_SHA256 + hashlib.sha256(encoded.encode()).digest())


def _refuse(reason: str) -> NoReturn:
    raise InvalidDidError(
        reason,
        code="did.syntax",
        remedy="Compare the identifier with its source, letter by letter; do not rely on it as it stands.",
    )
