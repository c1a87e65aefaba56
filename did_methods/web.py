"""did:web: a document that the host named in the identifier publishes.

Whoever reads a page of that host today reads its document, so the document tells of now and of nothing before. What is
fetched comes through a reader that is handed over; nothing here touches a network.

Spec: https://w3c-ccg.github.io/did-method-web/
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, NoReturn, Protocol

from did_methods.did import Did, parse_did
from did_methods.document import Relationship
from did_methods.errors import AbsentError, DidMethodsError, InvalidDidError, UnavailableError, shown
from did_methods.host import LOCALHOST, problem_with
from did_methods.json_web_key import JsonObject, JsonValue
from did_methods.multikey import PublicKey
from did_methods.resolution import Problem, Resolution

METHOD: Final = "web"
ACCEPT: Final = "application/did, application/did+json, application/json"
MAX_DOCUMENT_BYTES: Final = 128 * 1024
"""128 methods, as many as are read, take some 40 kB."""

_HOST: Final = re.compile(r"(?P<host>[^%]+)(?:%3A(?P<port>[1-9][0-9]{0,4}))?")
_MAX_PORT: Final = 65_535
_TILDE: Final = "%7E"
_SIGNING: Final = (Relationship.AUTHENTICATION, Relationship.ASSERTION_METHOD)
_CONTEXTS: Final = ("https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1")


class Read(Protocol):
    """The bytes behind a URL, fetched from the host in it and from no other.

    Raises AbsentError where nobody publishes anything there, and UnavailableError where it could not be had.
    """

    async def __call__(self, url: str, *, accept: str, max_bytes: int) -> bytes:
        """The bytes, at most `max_bytes` of them."""


@dataclass(frozen=True, slots=True)
class WebPlace:
    """Where a did:web is published: a host, a port where one is named, and the folders of the path, if any."""

    host: str
    port: int | None
    path: tuple[str, ...]

    @property
    def url(self) -> str:
        """The address of the document.

        1. The colons of the identifier become slashes.
        2. A port's colon is decoded.
        3. `https://` stands before it; a machine's own host alone is spoken to without TLS.
        4. Without a path, the document lies under `/.well-known`.
        5. It is called `did.json`.

        Spec: https://w3c-ccg.github.io/did-method-web/#read-resolve
        """
        return self.file("did.json")  # 5.

    def file(self, name: str) -> str:
        """The address of another file beside the document."""
        folders = "/".join(self.path or (".well-known",))  # 1. and 4.
        return f"{self.origin}/{folders}/{name}"

    @property
    def origin(self) -> str:
        """The address of the host itself, without a slash at its end."""
        scheme = "http" if self.host == LOCALHOST else "https"  # 3.
        port = "" if self.port is None else f":{self.port}"  # 2.
        return f"{scheme}://{self.host}{port}"


def web_place(did: Did, *, loopback: bool = False) -> WebPlace:
    """Where a did:web is published. `loopback` takes `localhost` for a host too, for development.

    The host is a name in lower case, in the one spelling that is both fetched from and shown: no number, no trailing
    dot. Raises InvalidDidError.
    """
    if did.method != METHOD:
        _refuse(did, "is not a did:web", "syntax")
    return place_in(did, did.identifier, loopback=loopback)


def place_in(did: Did, location: str, *, loopback: bool = False) -> WebPlace:
    """The place that a part of an identifier names as did:web does; the errors are about the whole identifier."""
    first, *path = location.split(":")
    authority = _HOST.fullmatch(first)
    if authority is None:
        _refuse(did, "does not begin with a host, or a host and a port behind %3A", "host")
    host, port = authority["host"], int(authority["port"]) if authority["port"] else None
    problem = None if loopback and host == LOCALHOST else problem_with(host)
    if problem:
        _refuse(did, f"names no host: {shown(host)} {problem}", "host")
    if port is not None and port > _MAX_PORT:
        _refuse(did, f"names the port {port}; the last is {_MAX_PORT}", "host")
    folders = tuple(segment.replace(_TILDE, "~") for segment in path)
    if any("%" in folder for folder in folders):
        _refuse(did, "encodes a colon in its path, where readers take it for a slash or for itself", "path")
    return WebPlace(host, port, folders)


def create(host: str, *, port: int | None = None, path: Sequence[str] = (), loopback: bool = False) -> Did:
    """The did:web of a host, or of folders on it; raises InvalidDidError where they cannot be one.

    `loopback` takes `localhost` for a host too, for development.
    """
    authority = host if port is None else f"{host}%3A{port}"
    did = parse_did(":".join((f"did:{METHOD}:{authority}", *(folder.replace("~", _TILDE) for folder in path))))
    if web_place(did, loopback=loopback) != WebPlace(host, port, tuple(path)):
        _refuse(did, f"does not say {shown(host)} and {shown('/'.join(path))}", "syntax")
    return did


def method_id(did: Did, key: PublicKey) -> str:
    """The id of the verification method of this key in the document of this DID."""
    return f"{did}#{key.to_multibase()}"


def new_document(did: Did, key: PublicKey) -> JsonObject:
    """The document of a DID that signs with this key; whoever runs its host publishes it."""
    method: JsonObject = {
        "id": method_id(did, key),
        "type": "Multikey",
        "controller": str(did),
        "publicKeyMultibase": key.to_multibase(),
    }
    contexts: list[JsonValue] = [*_CONTEXTS]
    document: JsonObject = {"@context": contexts, "id": str(did), "verificationMethod": [method]}
    return document | {relationship.value: [method["id"]] for relationship in _SIGNING}


@dataclass(frozen=True, slots=True)
class WebMethod:
    """did:web for the registry of a resolver.

    `parse` makes an object of the bytes, and raises ValueError for any that readers could understand differently. That
    the document is the one of the DID is for `resolution.resolve` to check, as for every method.
    """

    read: Read
    parse: Callable[[bytes], JsonObject]
    loopback: bool = False

    async def resolve(self, did: Did) -> Resolution:
        """The document that the host publishes now, or why there is none."""
        try:
            url = web_place(did, loopback=self.loopback).url
        except InvalidDidError as error:
            return Resolution.refused(error)
        try:
            return Resolution(self.parse(await self.read(url, accept=ACCEPT, max_bytes=MAX_DOCUMENT_BYTES)))
        except AbsentError as error:
            return Resolution.failed(Problem.NOT_FOUND, _told(error))
        except UnavailableError as error:
            return Resolution.failed(Problem.INTERNAL_ERROR, _told(error))
        except ValueError as error:
            return Resolution.failed(Problem.INVALID_DID_DOCUMENT, f"what {url} answers with is no document: {error}.")


def _told(error: DidMethodsError) -> str:
    return f"{error}. {error.remedy}"


def _refuse(did: Did, reason: str, kind: str) -> NoReturn:
    raise InvalidDidError(
        f"{shown(str(did))} {reason}",
        code=f"did.{kind}",
        remedy="Compare the identifier with its source, letter by letter; do not rely on it as it stands.",
    )
