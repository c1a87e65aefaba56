"""Badges of Open Badges 2 made for tests after the specification, and hosts that publish them.

A world is a table from addresses to the JSON that is published there; it becomes material as if it had been fetched,
or pages of a web server on this machine.
"""

import base64
import copy
import http.server
import json
import threading
from datetime import datetime, timedelta
from functools import cache

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from verification_support import AT, EVERYDAY

from node.documents import JsonObject, JsonValue
from node.proofs.jose.jws import parse_jws
from node.verification.keys import KeyRing
from node.verification.material import BadgeObjectCopy, Origin, ResolutionFailure, VerificationMaterial
from node.verification.open_badges_2.judging import judge_badge
from node.verification.open_badges_2.library import asked_at
from node.verification.open_badges_2.received import ReceivedBadge, badge_in_jws
from node.verification.policy import Policy
from node.verification.report import CredentialReport
from node.verification.trust import NO_TRUST, Trust
from node.verification.vocabulary import vocabulary

V2 = "https://w3id.org/openbadges/v2"
SCHOOL, EVIL = "https://school.example", "https://evil.example"
IDENTITY = "learner@demo.example"


def recipient(**members: JsonValue) -> JsonObject:
    """The identity of Demo Learner as the specification recommends it: hashed, with a salt."""
    digest = hashes.Hash(hashes.SHA256())
    digest.update(f"{IDENTITY}pepper".encode())
    hashed = f"sha256${digest.finalize().hex()}"
    return {"type": "email", "hashed": True, "salt": "pepper", "identity": hashed, **members}


def assertion(host: str = SCHOOL, /, **members: JsonValue) -> JsonObject:
    """A hosted assertion that links to its badge class; a member given as None is left out."""
    document: JsonObject = {
        "@context": V2,
        "type": "Assertion",
        "id": f"{host}/assertions/1",
        "recipient": recipient(),
        "badge": f"{host}/badges/welding",
        "verification": {"type": "HostedBadge"},
        "issuedOn": "2026-03-01T09:00:00Z",
        **members,
    }
    return {name: value for name, value in document.items() if value is not None}


def badge_class(host: str = SCHOOL, /, **members: JsonValue) -> JsonObject:
    """A badge class that links to its issuer."""
    document: JsonObject = {
        "@context": V2,
        "type": "BadgeClass",
        "id": f"{host}/badges/welding",
        "name": "MIG welding, basic level",
        "description": "Sets up and welds steel sheet.",
        "image": f"{host}/badges/welding.png",
        "criteria": {"narrative": "Weld three seams."},
        "issuer": f"{host}/issuer",
        **members,
    }
    return {name: value for name, value in document.items() if value is not None}


def profile(host: str = SCHOOL, /, **members: JsonValue) -> JsonObject:
    """The profile of an issuer."""
    document: JsonObject = {
        "@context": V2,
        "type": "Issuer",
        "id": f"{host}/issuer",
        "name": "School of Welding",
        "url": f"{host}/",
        "email": "office@school.example",
        **members,
    }
    return {name: value for name, value in document.items() if value is not None}


def world(host: str = SCHOOL, /, *others: JsonObject, **assertion_members: JsonValue) -> dict[str, JsonObject]:
    """What a school publishes of one hosted badge; other objects stand at their own ids."""
    objects = [assertion(host, **assertion_members), badge_class(host), profile(host), *others]
    return {str(each["id"]): each for each in objects}


def material(  # noqa: PLR0913 -- what can become of a fetch
    published: dict[str, JsonValue | bytes],
    *,
    origin: Origin = Origin.LIVE,
    at: datetime = AT - timedelta(minutes=1),
    gone: tuple[str, ...] = (),
    served_from: dict[str, str] | None = None,
    failures: tuple[str, ...] = (),
) -> VerificationMaterial:
    """Material in which these objects were had from their addresses."""
    copies = [
        BadgeObjectCopy(
            asked_at(url),
            content.decode() if isinstance(content, bytes) else json.dumps(content),
            origin,
            at,
            (served_from or {}).get(url, asked_at(url)),
            url in gone,
        )
        for url, content in published.items()
    ]
    unreached = {asked_at(url): ResolutionFailure("fetch.timeout", "it took too long", at) for url in failures}
    return VerificationMaterial(failures=unreached, badge_objects=tuple(copies))


@cache
def rsa_key(number: int = 1, bits: int = 2048) -> rsa.RSAPrivateKey:
    """A key of this run; the same for the same number."""
    del number
    return rsa.generate_private_key(65537, bits)


def pem(number: int = 1, bits: int = 2048) -> str:
    """Its public half, as a key document holds it."""
    return rsa_key(number, bits).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def key_document(host: str = SCHOOL, number: int = 1, /, *, bits: int = 2048, **members: JsonValue) -> JsonObject:
    """A key that says whose it is."""
    document: JsonObject = {
        "@context": V2,
        "type": "CryptographicKey",
        "id": f"{host}/keys/{number}",
        "owner": f"{host}/issuer",
        "publicKeyPem": pem(number, bits),
        **members,
    }
    return {name: value for name, value in document.items() if value is not None}


def signed_assertion(host: str = SCHOOL, /, **members: JsonValue) -> JsonObject:
    """What is signed: an assertion that nobody hosts."""
    given = {
        "id": "urn:uuid:2f9d2a31-60d4-4b5c-8cf4-0a7a6f4d3c55",
        "verification": {"type": "SignedBadge", "creator": f"{host}/keys/1"},
        **members,
    }
    return assertion(host, **given)


def jws(payload: JsonObject | bytes, number: int = 1, *, bits: int = 2048, **header: JsonValue) -> str:
    """A compact JWS by one of these keys."""
    data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    parts = [json.dumps({"alg": "RS256", **header}).encode(), data]
    signing_input = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    signature = rsa_key(number, bits).sign(signing_input, padding.PKCS1v15(), hashes.SHA256())
    return (signing_input + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")).decode()


def signing_world(host: str = SCHOOL, /, *others: JsonObject, **profile_members: JsonValue) -> dict[str, JsonObject]:
    """What a school publishes for its signed badges: badge class, profile, key, and the list of those revoked."""
    given: dict[str, JsonValue] = {
        "publicKey": f"{host}/keys/1",
        "revocationList": f"{host}/revoked",
        **profile_members,
    }
    objects = [badge_class(host), profile(host, **given), key_document(host), revocation_list(host), *others]
    return {str(each["id"]): each for each in objects}


def revocation_list(host: str = SCHOOL, /, *revoked: JsonValue, **members: JsonValue) -> JsonObject:
    """A list of revoked assertions."""
    return {
        "@context": V2,
        "type": "RevocationList",
        "id": f"{host}/revoked",
        "issuer": f"{host}/issuer",
        "revokedAssertions": list(revoked),
        **members,
    }


class Site:
    """A web server on this machine: pages by path, each JSON, a status, or something to do; it keeps what was asked."""

    def __init__(self) -> None:
        self.pages: dict[str, object] = {}
        self.asked: list[str] = []
        site = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                site.asked.append(self.path)
                page = site.pages.get(self.path, 404)
                page(self) if callable(page) else site.answer(self, page)

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def publish(self, published: dict[str, JsonObject]) -> None:
        """Serve objects whose ids are addresses of this site."""
        for url, content in published.items():
            self.pages[url.removeprefix(self.url)] = content

    @staticmethod
    def answer(request, page):
        status, body = (page, b"") if isinstance(page, int) else (200, page)
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        request.send_response(status)
        request.send_header("Content-Type", "application/ld+json")
        request.send_header("Content-Length", str(len(data)))
        request.end_headers()
        request.wfile.write(data)

    @staticmethod
    def move(request, location):
        request.send_response(302)
        request.send_header("Location", location)
        request.send_header("Content-Length", "0")
        request.end_headers()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def changed(document: JsonObject, **members: JsonValue) -> JsonObject:
    """A copy with other members; one given as None is left out."""
    whole = {**copy.deepcopy(document), **members}
    return {name: value for name, value in whole.items() if value is not None}


def badge_report(
    badge: JsonObject | str,
    found: VerificationMaterial,
    *,
    policy: Policy = EVERYDAY,
    at: datetime = AT,
    trust: Trust = NO_TRUST,
) -> CredentialReport:
    """The report on a badge: its JSON, a JWS, or the address where it is hosted."""
    ring = KeyRing(found, trust, policy, at)
    before = copy.deepcopy(badge)
    entry = judge_badge(received(badge), ring, vocabulary(trust.contexts), None)
    assert badge == before
    return entry


def received(badge: JsonObject | str) -> ReceivedBadge:
    """A badge as it would be received."""
    if isinstance(badge, dict):
        return ReceivedBadge(badge)
    if badge.startswith("http"):
        return ReceivedBadge.at(badge)
    found = badge_in_jws(parse_jws(badge))
    assert found is not None
    return found


# What each check says of a sound badge whose issuer is on no list.
GENUINE = {
    "structure": "passed",
    "context": "passed",
    "issuer_key": "passed",
    "proof": "passed",
    "validity": "passed",
    "status": "passed",
    "anchor": "not_applicable",
    "holder": "indeterminate",
    "authority": "indeterminate",
    "class": "indeterminate",
}
