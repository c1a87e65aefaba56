"""What a DID URL stands for beyond its DID: a part of the document, or an address that a service of it gives.

The document comes from a resolution, and nothing is fetched here: an address is the answer, for others to ask.

Spec: https://www.w3.org/TR/did-resolution/#dereferencing, https://identity.foundation/didwebvh/v1.0/#did-url-resolution
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

from did_methods.did import DidUrl, parse_did_url
from did_methods.document import Relationship
from did_methods.errors import AbsentPartError, DidMethodsError, InvalidDidUrlError, shown
from did_methods.json_web_key import JsonObject
from did_methods.webvh_log import METHOD as WEBVH
from did_methods.webvh_services import address_of, endpoint_of, implied_services

SERVICE: Final = "service"
RELATIVE: Final = "relativeRef"
ADDRESSES: Final = "text/uri-list"

_LISTS: Final = ("verificationMethod", *Relationship, SERVICE)


@dataclass(frozen=True, slots=True)
class Part:
    """What a DID URL stands for: a member of the document, or else an address."""

    content: JsonObject | None = None
    address: str | None = None

    def to_json(self) -> JsonObject:
        """The result of dereferencing, in the form of DID Resolution."""
        if self.address is None:
            return {"dereferencingMetadata": {}, "content": self.content, "contentMetadata": {}}
        kind: JsonObject = {"contentType": ADDRESSES}
        return {"dereferencingMetadata": kind, "content": self.address, "contentMetadata": {}}


def is_whole(url: DidUrl) -> bool:
    """Whether a DID URL stands for a document, and not for a part of it or something beyond."""
    return not url.path and url.fragment is None and not _named(url)


def dereference(url: DidUrl, document: JsonObject, *, loopback: bool = False) -> Part:
    """What a DID URL stands for, by the resolved document of its DID.

    1. It asks in one way: by a fragment, a path, or a service.
    2. A fragment is the member of the document with that id; every did:webvh has the services that its method implies.
    3. A path is beside the document: a did:webvh has a place for files; another DID, a service that says so.
    4. A service is its address, and what `relativeRef` names follows that, as a path does.

    Raises InvalidDidUrlError for a URL that asks otherwise, or a service that is at no https address, and
    AbsentPartError where the document has no such part.
    """
    parameters = _parameters(url)
    if sum((bool(url.path), url.fragment is not None, bool(parameters))) != 1:  # 1.
        raise _refused(f"{shown(str(url))} asks for a part in no way, or in more than one")
    if url.fragment is not None:
        return Part(content=_member(url, document, loopback=loopback))  # 2.
    if url.path:
        return Part(address=_file(url, document, loopback=loopback))  # 3.
    endpoint = endpoint_of(_member(_of_service(url, parameters), document, loopback=loopback), url, loopback=loopback)
    if RELATIVE not in parameters:
        return Part(address=endpoint)
    relative = parse_did_url(f"{url.did}/{parameters[RELATIVE].removeprefix('/')}")  # its strictness is for paths too
    if relative.fragment is not None:
        raise _refused(f"{shown(parameters[RELATIVE])} has a fragment")
    query = "" if relative.query is None else f"?{relative.query}"
    return Part(address=endpoint.removesuffix("/") + relative.path + query)  # 4.


def _named(url: DidUrl) -> list[tuple[str, str]]:
    return [pair for pair in parse_qsl(url.query or "", keep_blank_values=True) if pair[0] in {SERVICE, RELATIVE}]


def _parameters(url: DidUrl) -> dict[str, str]:
    pairs = _named(url)
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _refused(f"{shown(str(url))} names a service twice")
    return found


def _of_service(url: DidUrl, parameters: dict[str, str]) -> DidUrl:
    if SERVICE not in parameters:
        raise _refused(f"{shown(str(url))} names no service")
    return parse_did_url(f"{url.did}#{parameters[SERVICE]}")


def _file(url: DidUrl, document: JsonObject, *, loopback: bool) -> str:
    if url.did.method == WEBVH:
        return address_of(url, document, loopback=loopback)
    name, path = ("whois", "") if url.path == "/whois" else ("files", url.path)
    own = _member(DidUrl(url.did, fragment=name), document, loopback=loopback)
    endpoint = endpoint_of(own, url, loopback=loopback)
    return endpoint.removesuffix("/") + path if path else endpoint


def _member(url: DidUrl, document: JsonObject, *, loopback: bool) -> JsonObject:
    """The method or service with an id; what a document lists of its own counts before what is implied."""
    wanted = {f"#{url.fragment}", f"{url.did}#{url.fragment}"}
    for member in _members(document):
        if member.get("id") in wanted:
            return member
    if url.did.method == WEBVH:
        for service in implied_services(url.did, loopback=loopback):
            if service["id"] in wanted:
                return service
    raise AbsentPartError(
        f"the document of {shown(str(url.did))} has nothing of the name {shown(f'#{url.fragment}')}",
        code="did_url.absent",
        remedy="Compare it with its source, or look the document up and see what it has.",
    )


def _members(document: JsonObject) -> Iterator[JsonObject]:
    for name in _LISTS:
        listed = document.get(name)
        for member in listed if isinstance(listed, list) else []:
            if isinstance(member, dict):
                yield member


def _refused(message: str) -> DidMethodsError:
    return InvalidDidUrlError(
        message,
        code="did_url.part",
        remedy="Ask for one thing: #NAME, /PATH, or ?service=NAME with or without relativeRef=PATH.",
    )
