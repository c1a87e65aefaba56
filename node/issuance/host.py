"""Which identifiers a node can host: places under its own public address, none of which is a page of the node's own."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self
from urllib.parse import urlsplit

from did_methods import web
from did_methods.did import Did
from did_methods.errors import DidMethodsError, InvalidDidError, shown
from did_methods.host import LOCALHOST
from did_methods.web import WebPlace, web_place
from did_methods.webvh import webvh_place
from did_methods.webvh_log import METHOD as WEBVH
from node.issuance.errors import HostingError

MAX_FOLDERS: Final = 4
"""Folders between the host and the document: a faculty of a school of a university has three."""
RESERVED: Final = frozenset(
    {
        "1.0", "about", "accreditations", "achievements", "admin", "anchors", "api", "assets", "auth", "awards",
        "capsules", "catalogue", "challenges", "claim", "claims", "contact", "contexts", "credential", "credentials",
        "did", "didcomm", "dids", "docs", "exchanges", "favicon.ico", "feed", "health", "help", "identifiers",
        "inbox", "invitations", "issuers", "jwks", "login", "logout", "mediator", "messages", "metrics", "mirror",
        "node", "nonce", "oauth", "oauth2", "offers", "oidc", "oidc4vci", "oidc4vp", "openapi.json", "openid",
        "openid4vci", "openid4vp", "organisation", "organisations", "outbox", "pictures", "presentations", "privacy",
        "receipts", "register", "robots.txt", "schemas", "search", "security.txt", "sitemap.xml", "statements",
        "static", "status", "terms", "token", "types", "verifiers", "verify", "wallet", "wallets", "web", "webhooks",
        "workflows",
    }
)  # fmt: skip
"""First folders that are, or may become, pages of the node itself."""
_FOLDER: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Host:
    """The node's own public address, as the place of identifiers."""

    origin: str
    """Scheme and host, and a port where it is not the usual one; no slash at the end."""
    name: str
    port: int | None

    @classmethod
    def of(cls, public_url: str) -> Self:
        """The host of an address; raises HostingError where no identifier can be published there."""
        try:
            parts = urlsplit(public_url)
            name, port = parts.hostname or "", parts.port
            place = web_place(web.create(name, port=port, loopback=True), loopback=True)
        except (ValueError, InvalidDidError) as error:
            raise _unfit(public_url, str(error)) from error
        if place.origin != public_url:
            raise _unfit(public_url, f"identifiers at this host would be looked up at {place.origin}")
        return cls(public_url, name, port)

    @property
    def local(self) -> bool:
        """Whether it is this machine alone, for development."""
        return self.name == LOCALHOST

    def place(self, path: Sequence[str]) -> WebPlace:
        """The place of this path; none is the host itself. Raises HostingError for one that is not to be had."""
        if len(path) > MAX_FOLDERS or not all(_FOLDER.fullmatch(folder) for folder in path):
            raise _path_error(
                path,
                f"a path has at most {MAX_FOLDERS} folders of lower-case letters, digits and hyphens",
            )
        if path and path[0] in RESERVED:
            raise _path_error(path, "the node has pages of its own there")
        return WebPlace(self.name, self.port, tuple(path))

    def web_did(self, path: Sequence[str]) -> Did:
        """The did:web at this path."""
        place = self.place(path)
        return web.create(place.host, port=place.port, path=place.path, loopback=True)

    def has(self, did: Did) -> bool:
        """Whether a DID is looked up here."""
        return self.place_of(did) is not None

    def place_of(self, did: Did) -> WebPlace | None:
        """Where a DID is looked up, if that is here."""
        try:
            if did.method == web.METHOD:
                place = web_place(did, loopback=True)
            elif did.method == WEBVH:
                place = webvh_place(did, loopback=True).web
            else:
                return None
        except DidMethodsError:
            return None
        return place if (place.host, place.port) == (self.name, self.port) else None


def _unfit(public_url: str, reason: str) -> HostingError:
    return HostingError(
        f"no identifier can be hosted at {shown(public_url)}: {reason}",
        code="hosting.host",
        remedy="Set the node's public address to https:// and the name of its host; on one machine, http://localhost:PORT.",
    )


def _path_error(path: Sequence[str], reason: str) -> HostingError:
    return HostingError(
        f"{shown('/'.join(path))} cannot be the path of an identifier: {reason}",
        code="hosting.path",
        remedy="Choose another path, such as the organisation's short name.",
    )
