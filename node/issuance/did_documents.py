"""DID documents of identifiers that are hosted here, and each change of one: pure, from document to document.

A key that is replaced stays listed, so that what it signed can be checked as before; its private half signs no more.
Only a key that somebody else may have is taken out, and everything it signed is in doubt then.

Spec: https://www.w3.org/TR/did-1.1/, https://www.w3.org/TR/cid-1.0/
"""

import re
from collections.abc import Sequence
from typing import Final

from did_methods import web
from did_methods.did import Did, parse_did
from did_methods.document import Relationship
from did_methods.errors import shown
from did_methods.multikey import KeyType, PublicKey
from node.credentials.context_profile import DID_CONFIGURATION_CONTEXT
from node.credentials.errors import RecordNameError
from node.credentials.record_name import Promise, RecordName
from node.documents import JsonObject, JsonValue
from node.issuance.errors import HostingError
from node.issuance.web_addresses import web_address
from node.verification.namespaces import SERVICE as NAMESPACE

SIGNING_TYPES: Final = (KeyType.ED25519, KeyType.P256, KeyType.P384, KeyType.BLS12_381_G2)
"""Kinds of keys that sign credentials."""
LINKED_DOMAINS: Final = "LinkedDomains"
MAX_KEYS: Final = 32
MAX_SERVICES: Final = 32
MAX_ORIGINS: Final = 8
_FRAGMENT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
_TYPE: Final = re.compile(r"[A-Za-z][A-Za-z0-9]{0,63}", re.ASCII)
_ANSWERING: Final = frozenset({KeyType.ED25519, KeyType.P256, KeyType.P384})
"""Kinds that answer challenges, too; a BBS key signs credentials alone."""


def new_document(did: Did, keys: Sequence[PublicKey]) -> JsonObject:
    """The document of an identifier that signs with these keys."""
    document: JsonObject = {"@context": web.new_document(did, keys[0])["@context"], "id": str(did)}
    for key in keys:
        document = _with_key(document, did, key)
    return document


def with_key(document: JsonObject, key: PublicKey) -> JsonObject:
    """The document with one more key that signs."""
    return _with_key(document, did_of(document), key)


def _with_key(document: JsonObject, did: Did, key: PublicKey) -> JsonObject:
    methods = _listed(document, "verificationMethod")
    if len(methods) >= MAX_KEYS:
        raise HostingError(
            f"the document has {len(methods)} keys; at most {MAX_KEYS} are listed",
            code="hosting.key",
            remedy="Take out a key that nothing is checked with any more.",
        )
    (method,) = _listed(web.new_document(did, key), "verificationMethod")
    changed: JsonObject = {**document, "verificationMethod": [*methods, method]}
    for relationship in _purposes(key):
        changed[relationship] = [*_listed(document, relationship), web.method_id(did, key)]
    return changed


def without_key(document: JsonObject, name: str) -> JsonObject:
    """The document without a key: for one that somebody else may have. What it signed cannot be checked any more."""
    changed: JsonObject = {
        **document,
        "verificationMethod": [
            each
            for each in _listed(document, "verificationMethod")
            if not isinstance(each, dict) or each.get("id") != name
        ],
    }
    for relationship in Relationship:
        if relationship in document:
            changed[relationship.value] = [each for each in _listed(document, relationship) if each != name]
    return {member: value for member, value in changed.items() if value != []}


def keys_of(document: JsonObject) -> dict[str, PublicKey]:
    """The keys that make statements in a document of ours, by the ids of their methods."""
    stated = set(map(str, _listed(document, Relationship.ASSERTION_METHOD)))
    return {
        str(method["id"]): PublicKey.from_multibase(str(method["publicKeyMultibase"]))
        for method in _listed(document, "verificationMethod")
        if isinstance(method, dict) and method.get("id") in stated
    }


def with_service(document: JsonObject, fragment: str, kind: str, endpoints: Sequence[str], *, own: str) -> JsonObject:
    """The document with a service, in the place of one of the same name; raises HostingError.

    `own` is the node's own address: domains may be linked there before they are public. What the endpoints are follows
    from the type: names of namespaces, origins of domains, or addresses.
    """
    did = did_of(document)
    if not _FRAGMENT.fullmatch(fragment) or not _TYPE.fullmatch(kind):
        raise _service_error(
            f"{shown(fragment)} and {shown(kind)} are no name and type of a service",
            "Use letters and digits; a name may have dots, hyphens and underscores.",
        )
    name = f"{did}#{fragment}"
    if any(isinstance(each, dict) and each.get("id") == name for each in _listed(document, "verificationMethod")):
        raise _service_error(f"{shown(fragment)} is the name of a key", "Choose another name.")
    services = [each for each in _listed(document, "service") if not isinstance(each, dict) or each.get("id") != name]
    if len(services) >= MAX_SERVICES:
        raise _service_error(f"there are {len(services)} services already", "Remove one that nobody uses.")
    service: JsonObject = {"id": name, "type": kind, "serviceEndpoint": _endpoint(kind, endpoints, own)}
    changed: JsonObject = {**document, "service": [*services, service]}
    if kind == LINKED_DOMAINS:
        contexts = _listed(document, "@context")
        if DID_CONFIGURATION_CONTEXT not in contexts:
            changed["@context"] = [*contexts, DID_CONFIGURATION_CONTEXT]
    return changed


def without_service(document: JsonObject, fragment: str) -> JsonObject:
    """The document without a service; raises HostingError where it has none of this name."""
    name = f"{did_of(document)}#{fragment}"
    services = _listed(document, "service")
    left = [each for each in services if not isinstance(each, dict) or each.get("id") != name]
    if len(left) == len(services):
        raise _service_error(f"there is no service of the name {shown(fragment)}", "List what the document has.")
    return {member: value for member, value in {**document, "service": left}.items() if value != []}


def given_up(document: JsonObject) -> JsonObject:
    """The document of an identifier that was given up: its name, and nothing that could be signed with."""
    return {"@context": [str(_listed(document, "@context")[0])], "id": document["id"]}


def is_given_up(document: JsonObject) -> bool:
    """Whether it is such a document."""
    return document.keys() <= {"@context", "id", "alsoKnownAs"}


def origins_of(document: JsonObject) -> tuple[str, ...]:
    """The domains that the document says are its subject's, as origins."""
    found: list[str] = []
    for service in _listed(document, "service"):
        if isinstance(service, dict) and service.get("type") == LINKED_DOMAINS:
            endpoint = service.get("serviceEndpoint")
            origins = endpoint.get("origins") if isinstance(endpoint, dict) else [endpoint]
            found += [each for each in (origins if isinstance(origins, list) else []) if isinstance(each, str)]
    return tuple(dict.fromkeys(found))


def did_of(document: JsonObject) -> Did:
    """Whose document it is."""
    return parse_did(str(document["id"]))


def _endpoint(kind: str, endpoints: Sequence[str], own: str) -> JsonValue:
    if not 1 <= len(endpoints) <= MAX_ORIGINS or len(set(endpoints)) != len(endpoints):
        raise _service_error(f"a service has 1 to {MAX_ORIGINS} endpoints, each once", "Name them once each.")
    if kind == LINKED_DOMAINS:
        checked = [each if each == own else web_address(each, origin=True) for each in endpoints]
        return checked[0] if len(checked) == 1 else {"origins": [*checked]}
    if kind == NAMESPACE:
        for each in endpoints:
            try:
                if RecordName.parse(each).promise is Promise.ANCHOR:
                    continue
            except RecordNameError as error:
                raise _service_error(str(error), "Write eip155:CHAIN:0xCONTRACT#0xNAMESPACE in lower case.") from error
            raise _service_error(f"{shown(each)} is a part of a namespace", "Name the namespace itself.")
    else:
        for each in endpoints:
            web_address(each)
    return endpoints[0] if len(endpoints) == 1 else [*endpoints]


def _purposes(key: PublicKey) -> tuple[str, ...]:
    if key.type in _ANSWERING:
        return (Relationship.AUTHENTICATION.value, Relationship.ASSERTION_METHOD.value)
    return (Relationship.ASSERTION_METHOD.value,)


def _listed(document: JsonObject, member: str) -> list[JsonValue]:
    value = document.get(member)
    return value if isinstance(value, list) else []


def _service_error(message: str, remedy: str) -> HostingError:
    return HostingError(message, code="hosting.service", remedy=remedy)
