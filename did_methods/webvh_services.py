"""What the host of a did:webvh publishes beside its log: files, a presentation about itself, a did:web of the same.

Spec: https://identity.foundation/didwebvh/v1.0/#did-url-resolution
"""

import re
from typing import Final

from did_methods.did import Did, DidUrl
from did_methods.errors import InvalidDidUrlError, shown
from did_methods.host import LOCALHOST
from did_methods.json_web_key import JsonObject, JsonValue
from did_methods.web import METHOD as WEB
from did_methods.webvh import webvh_place
from did_methods.webvh_log import METHOD

WHOIS: Final = "/whois"
ACCEPT_WHOIS: Final = "application/vp, application/json;q=0.5"

_FILES: Final = "#files"
_WHO: Final = "#whois"
_LINKED_VP: Final = "https://identity.foundation/linked-vp/contexts/v1"
_ADDRESS: Final = re.compile(r"[!-~]{1,2048}")
"""Printable ASCII: what is answered with can be shown as it is."""
_HTTPS: Final = "https://"
_LOCAL: Final = (f"http://{LOCALHOST}:", f"http://{LOCALHOST}/")


def implied_services(did: Did, *, loopback: bool = False) -> tuple[JsonObject, JsonObject]:
    """The services of every did:webvh, `#files` and `#whois`, unless its document has ones of these names."""
    base = _base(did, loopback=loopback)
    return (
        {"id": _FILES, "type": "relativeRef", "serviceEndpoint": base},
        {
            "@context": _LINKED_VP,
            "id": _WHO,
            "type": "LinkedVerifiablePresentation",
            "serviceEndpoint": f"{base}whois.vp",
        },
    )


def address_of(url: DidUrl, document: JsonObject, *, loopback: bool = False) -> str:
    """The address that a DID URL with a path stands for, by the resolved document of its DID.

    1. `/whois` is the endpoint of the service `#whois`.
    2. Any other path follows the endpoint of `#files`.
    3. A service of the document counts, and where it has none, the implied one.

    Raises InvalidDidUrlError without a path, and for an endpoint that is no https address.
    """
    if not url.path:
        raise _refused(f"{shown(str(url))} has no path")
    files, whois = implied_services(url.did, loopback=loopback)
    is_whois = url.path == WHOIS
    implied = whois if is_whois else files
    name = implied["id"]
    listed = document.get("service")
    own = (
        service
        for service in (listed if isinstance(listed, list) else [])
        if isinstance(service, dict) and service.get("id") in {name, f"{url.did}{name}"}
    )
    endpoint = endpoint_of(next(own, implied), url, loopback=loopback)  # 3.
    return endpoint if is_whois else endpoint.removesuffix("/") + url.path  # 1. and 2.


def endpoint_of(service: JsonObject, url: DidUrl, *, loopback: bool = False) -> str:
    """The address of a service; raises InvalidDidUrlError where it is at none that could be asked.

    `loopback` takes an address of this machine too, for development.
    """
    endpoint = service.get("serviceEndpoint")
    sound = isinstance(endpoint, str) and _ADDRESS.fullmatch(endpoint)
    if isinstance(endpoint, str) and sound and endpoint.startswith((_HTTPS, *(_LOCAL if loopback else ()))):
        return endpoint
    raise _refused(f"the service {shown(service.get('id'))} of {shown(str(url.did))} is not at an https address")


def parallel_web(did: Did, document: JsonObject, *, loopback: bool = False) -> JsonObject:
    """The document of the did:web at the same place, for readers that know no did:webvh.

    1. It begins with the resolved document.
    2. The implied services are written into it.
    3. `did:webvh:<SCID>:` becomes `did:web:`.
    4. It is also known as the did:webvh.
    5. No name stands there twice, and not its own.

    Spec: https://identity.foundation/didwebvh/v1.0/#publishing-a-parallel-did-web-did
    """
    services = document.get("service")
    listed: list[JsonValue] = list(services) if isinstance(services, list) else []  # 1.
    present = {service.get("id") for service in listed if isinstance(service, dict)}
    implied = implied_services(did, loopback=loopback)
    named: list[tuple[str, JsonObject]] = [(f"{did}{service['id']}", service) for service in implied]
    listed += [  # 2.
        service | {"id": name} for name, service in named if present.isdisjoint({service["id"], name})
    ]
    prefix = f"did:{METHOD}:{webvh_place(did, loopback=loopback).scid}:"
    copy = _replaced(document | {"service": listed}, prefix, f"did:{WEB}:")  # 3.
    if not isinstance(copy, dict):
        raise TypeError("a document is an object")
    own = copy["id"]
    names = copy.get("alsoKnownAs")
    known_as = dict.fromkeys(name for name in (names if isinstance(names, list) else []) if isinstance(name, str))
    return copy | {"alsoKnownAs": [name for name in (*known_as, str(did)) if name != own]}  # 4. and 5.


def parallel_names(did: Did, document: JsonObject) -> tuple[str, ...]:
    """The did:web at the same place, where the document says that it is the same; else nothing."""
    name = f"did:{WEB}:{did.identifier.partition(':')[2]}"
    names = document.get("alsoKnownAs")
    return (name,) if did.method == METHOD and isinstance(names, list) and name in names else ()


def _base(did: Did, *, loopback: bool) -> str:
    web = webvh_place(did, loopback=loopback).web
    return "/".join((web.origin, *web.path, ""))


def _replaced(value: JsonValue, old: str, new: str) -> JsonValue:
    match value:
        case str():
            return value.replace(old, new)
        case list():
            return [_replaced(each, old, new) for each in value]
        case dict():
            return {name.replace(old, new): _replaced(each, old, new) for name, each in value.items()}
    return value


def _refused(message: str) -> InvalidDidUrlError:
    return InvalidDidUrlError(
        message, code="did_url.service", remedy="Ask the controller of the identifier for an address that can be read."
    )
