"""Where a party takes its messages: the DIDCommMessaging services of its document.

Spec: https://identity.foundation/didcomm-messaging/spec/v2.1/#service-endpoint
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from did_methods.did import MAX_DID_URL_CHARS, parse_did, parse_did_url
from did_methods.document import DidDocument
from did_methods.errors import DidMethodsError
from node.didcomm.errors import RouteError, shown
from node.didcomm.parties import Documents, document_of
from node.documents import JsonObject, JsonValue, pointer

TYPE: Final = "DIDCommMessaging"
PROFILE: Final = "didcomm/v2"
"""What an endpoint accepts that takes messages of this version; parameters may follow."""
MAX_SERVICES: Final = 64
MAX_ENDPOINTS: Final = 16
"""Ways to one party: by HTTP, by WebSocket, by a mediator or two."""
MAX_ROUTING_KEYS: Final = 8
"""Each is one more layer around the message, a third larger."""
MAX_URI_CHARS: Final = 4096
_MAX_ACCEPTED: Final = 32
_DID: Final = "did:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One way to a party, as its document has it; `uri` may be the DID of a mediator."""

    service_id: str
    uri: str
    accept: tuple[str, ...]
    routing_keys: tuple[str, ...]

    @property
    def takes_v2(self) -> bool:
        """Whether messages of DIDComm v2 are taken here; where nothing is said, they are."""
        return not self.accept or any(profile.partition(";")[0].strip() == PROFILE for profile in self.accept)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A way that can be taken: what a message is wrapped for, from the outermost, and where it is then sent.

    `uri` is what somebody else wrote: it is dialled through the guarded dialer only.
    """

    uri: str
    routing_keys: tuple[str, ...]


def endpoints(document: DidDocument) -> tuple[Endpoint, ...]:
    """The endpoints of a document, in its order; raises RouteError for a service that cannot be understood.

    1. Services of other types are passed over; one service may have several types.
    2. The endpoint is an object, a list of them, or an address with what belongs to it beside it, as of old.
    3. Addresses are texts of bounded length; keys are ids of keys or DIDs.
    """
    services = document.source.get("service", [])
    if not isinstance(services, list) or len(services) > MAX_SERVICES:
        raise RouteError(
            f"service is not a list of at most {MAX_SERVICES}", code="didcomm.route.service", path="/service"
        )
    found: list[Endpoint] = []
    for place, service in enumerate(services):
        path = pointer("service", place)
        if isinstance(service, dict) and _is_messaging(service.get("type")):  # 1.
            found += _endpoints(service, path)
    if len(found) > MAX_ENDPOINTS:
        raise RouteError(
            f"the document has {len(found)} endpoints; at most {MAX_ENDPOINTS} are read", code="didcomm.route.service"
        )
    return tuple(found)


def routes(document: DidDocument, documents: Documents) -> tuple[Route, ...]:
    """The ways to a party that take messages of DIDComm v2, in the order of its document.

    1. An endpoint that is the DID of a mediator stands for the endpoints of that mediator.
    2. The message is then wrapped for the mediator too: for its own routing keys, for itself, then for those of the
       endpoint.
    3. A mediator's endpoint is not by way of another one, so no way is without end.

    Raises UnresolvedError for a mediator whose document is not at hand, and RouteError where no way is left.

    Spec: https://identity.foundation/didcomm-messaging/spec/v2.1/#using-a-did-as-an-endpoint
    """
    found: list[Route] = []
    for endpoint in endpoints(document):
        if not endpoint.takes_v2:
            continue
        if not endpoint.uri.startswith(_DID):
            found.append(Route(uri=endpoint.uri, routing_keys=endpoint.routing_keys))
            continue
        mediator = _mediator(endpoint, documents)  # 1.
        for way in endpoints(mediator):
            keys = (*way.routing_keys, mediator.id, *endpoint.routing_keys)  # 2.
            if way.takes_v2 and not way.uri.startswith(_DID) and len(keys) <= MAX_ROUTING_KEYS:  # 3.
                found.append(Route(uri=way.uri, routing_keys=keys))
    if not found:
        raise RouteError(f"{shown(document.id)} says of no way on which DIDComm v2 messages reach it")
    return tuple(found)


def _mediator(endpoint: Endpoint, documents: Documents) -> DidDocument:
    try:
        did = parse_did(endpoint.uri)
    except DidMethodsError as error:
        raise RouteError(f"the endpoint is no DID: {error}", code="didcomm.route.endpoint") from error
    return document_of(did, documents)


def _endpoints(service: JsonObject, path: str) -> Iterator[Endpoint]:
    service_id = service.get("id")
    value = service.get("serviceEndpoint")
    beside: JsonObject = {name: service[name] for name in ("accept", "routingKeys") if name in service}
    for each in value if isinstance(value, list) else [value]:  # 2.
        entry = beside | {"uri": each} if isinstance(each, str) else each
        uri = entry.get("uri") if isinstance(entry, dict) else None
        if not isinstance(entry, dict) or not isinstance(uri, str) or not _is_address(uri):  # 3.
            raise RouteError(f"the endpoint {shown(entry)} has no address", code="didcomm.route.endpoint", path=path)
        yield Endpoint(
            service_id=service_id if isinstance(service_id, str) else "",
            uri=uri,
            accept=_texts(entry, "accept", _MAX_ACCEPTED, path),
            routing_keys=tuple([_key(key, path) for key in _texts(entry, "routingKeys", MAX_ROUTING_KEYS, path)]),
        )


def _is_messaging(value: JsonValue) -> bool:
    return value == TYPE or (isinstance(value, list) and TYPE in value)


def _is_address(uri: str) -> bool:
    return 0 < len(uri) <= MAX_URI_CHARS and uri.isascii() and uri.isprintable() and " " not in uri and ":" in uri


def _texts(entry: JsonObject, name: str, limit: int, path: str) -> tuple[str, ...]:
    value = entry.get(name, [])
    texts = [each for each in value if isinstance(each, str)] if isinstance(value, list) else None
    if texts is None or not isinstance(value, list) or len(texts) != len(value) or len(texts) > limit:
        raise RouteError(f"{name} is not a list of at most {limit} texts", code="didcomm.route.endpoint", path=path)
    return tuple(texts)


def _key(text: str, path: str) -> str:
    try:
        url = parse_did_url(text) if len(text) <= MAX_DID_URL_CHARS else None
    except DidMethodsError as error:
        raise RouteError(f"a routing key is none: {error}", code="didcomm.route.routing_key", path=path) from error
    if url is None or url.path or url.query is not None:
        raise RouteError(f"{shown(text)} is no id of a key, nor a DID", code="didcomm.route.routing_key", path=path)
    return text
