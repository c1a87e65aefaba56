"""Services inside a did:peer of numalgo 2: short names for what recurs, one service per element.

Programs of before the method was clarified put several services into one element as a list, and wrote what belongs to
the endpoint beside it. Both are read; what is written is one service per element.

Spec: https://identity.foundation/peer-did-method-spec/#method-2-multiple-inception-key-without-doc
"""

import json
from collections.abc import Sequence
from typing import Final, NoReturn

from did_methods.embedded_json import parse_embedded
from did_methods.errors import InvalidDidError, shown
from did_methods.json_web_key import JsonObject, JsonValue
from did_methods.multibase import from_base64url, to_base64url

MAX_SERVICES: Final = 16
"""An agent has one endpoint, and perhaps a few for older protocols."""
MAX_SERVICE_CHARS: Final = 4096

_MEMBERS: Final = {"t": "type", "s": "serviceEndpoint", "r": "routingKeys", "a": "accept"}
_TYPES: Final = {"dm": "DIDCommMessaging"}
_SHORT_MEMBERS: Final = {name: short for short, name in _MEMBERS.items()}
_SHORT_TYPES: Final = {name: short for short, name in _TYPES.items()}


def messaging_service(uri: str) -> JsonObject:
    """A service that takes DIDComm messages at an address, or by way of a mediator that is named by its DID.

    Spec: https://identity.foundation/didcomm-messaging/spec/v2.1/#service-endpoint
    """
    return {"type": _TYPES["dm"], "serviceEndpoint": {"uri": uri, "accept": ["didcomm/v2"]}}


def encode_service(service: JsonObject) -> str:
    """What stands behind the S of an element; the id of a service, where it has one, is relative."""
    _require_sound(service)
    text = json.dumps(_renamed(service, _SHORT_MEMBERS, _SHORT_TYPES), ensure_ascii=False, separators=(",", ":"))
    return to_base64url(text.encode())


def decode_services(elements: Sequence[str]) -> list[JsonObject]:
    """The services of these elements, each behind its S, in their order and with their ids.

    1. An element is base64url of one service, or of a list of them.
    2. Abbreviations become what they stand for; a name that then stands twice is refused.
    3. The first service without an id is `#service`, the next ones are `#service-1` and on. No id stands twice.
    """
    services: list[JsonObject] = []
    unnamed = 0
    for element in elements:
        value = parse_embedded(from_base64url(element, max_chars=MAX_SERVICE_CHARS))  # 1.
        for each in value if isinstance(value, list) else [value]:
            service = _renamed(each, _MEMBERS, _TYPES)  # 2.
            if not isinstance(service, dict):
                _refuse("is no object")
            if "id" not in service:  # 3.
                service["id"] = f"#service-{unnamed}" if unnamed else "#service"
                unnamed += 1
            _require_sound(service)
            services.append(service)
    if len(services) > MAX_SERVICES:
        _refuse(f"is one of {len(services)}; at most {MAX_SERVICES} are read here")
    if len({str(service["id"]) for service in services}) != len(services):
        _refuse("has the id of another")
    return services


def _renamed(value: JsonValue, members: dict[str, str], types: dict[str, str]) -> JsonValue:
    if isinstance(value, list):
        return [_renamed(each, members, types) for each in value]
    if not isinstance(value, dict):
        return value
    result: JsonObject = {}
    for name, each in value.items():
        meant = members.get(name, name)
        if meant in result:
            _refuse(f"has {shown(meant)} twice, once abbreviated")
        is_type = "type" in {name, meant} and isinstance(each, str)
        result[meant] = types.get(str(each), each) if is_type else _renamed(each, members, types)
    return result


def _require_sound(service: JsonObject) -> None:
    service_id = service.get("id", "#")
    if not isinstance(service_id, str) or not service_id.startswith("#"):
        _refuse(f"has the id {shown(service_id)}, which is not relative to the document")
    for member in ("type", "serviceEndpoint"):
        if member not in service:
            _refuse(f"has no {member}")


def _refuse(reason: str) -> NoReturn:
    raise InvalidDidError(
        f"a service inside the did:peer {reason}",
        code="did.service",
        remedy="Ask its holder for an identifier made as the method says: readers disagree about this one.",
    )
