"""What the tests of SD-JWTs share: issuing and showing them as anybody could, well or badly."""

import base64
import hashlib
import zlib

from jose_support import NOW, encoded, token
from verification_support import HOLDER, ISSUER, REQUEST, Party

from did_methods.multibase import from_base64url, to_base64url
from node.documents import JsonObject, JsonValue
from node.proofs.sd_jwt.concealment import conceal
from node.proofs.sd_jwt.disclosure import digest_of
from node.status.token_status_list import pack
from node.verification.check import CheckName

VCT = "https://credentials.example/learning"
HOLDER_JWK = HOLDER.private.public.to_jwk()
CLAIMS: JsonObject = {
    "iss": ISSUER.did,
    "iat": NOW - 3600,
    "nbf": NOW - 3600,
    "exp": NOW + 86_400,
    "vct": VCT,
    "cnf": {"jwk": HOLDER_JWK},
    "given_name": "Sample",
    "family_name": "Learner",
    "address": {"country": "PL", "city": "Łódź"},
    "grades": ["5.0", {"level": 6}],
}
HIDDEN = ("/given_name", "/family_name", "/address/city", "/grades/1")


def with_claims(**members: JsonValue) -> JsonObject:
    """The usual claims with others; one given as None is left out."""
    return {name: value for name, value in {**CLAIMS, **members}.items() if value is not None}


def sd_jwt(
    claims: JsonObject = CLAIMS, hidden: tuple[str, ...] = HIDDEN, by: Party = ISSUER, /, **header: JsonValue
) -> str:
    """An SD-JWT by anybody, with all that is hidden disclosed."""
    concealed = conceal(claims, hidden)
    jwt = token(concealed.payload, by, **{"typ": "dc+sd-jwt", **header})
    return "".join(f"{part}~" for part in (jwt, *(one.text for one in concealed.disclosures)))


def raw(payload: JsonObject, *disclosures: JsonValue, by: Party = ISSUER, **header: JsonValue) -> str:
    """An SD-JWT whose payload and Disclosures are written by hand."""
    jwt = token(payload, by, **{"typ": "dc+sd-jwt", **header})
    return "".join(f"{part}~" for part in (jwt, *map(encoded, disclosures)))


def digest(disclosure: JsonValue) -> str:
    return digest_of(encoded(disclosure), "sha-256")


def shown(text: str, by: Party | None = HOLDER, /, *, header: JsonObject | None = None, **members: JsonValue) -> str:
    """The same with a key-binding JWT; a claim given as None is left out."""
    if by is None:
        return text
    claims = {"iat": NOW, "aud": REQUEST.domain, "nonce": REQUEST.challenge, "sd_hash": digest_of(text, "sha-256")}
    claims = {name: value for name, value in (claims | members).items() if value is not None}
    return text + token(claims, by, **{"typ": "kb+jwt", "kid": None, **(header or {})})


def without(text: str, *names: str) -> str:
    """The same without the Disclosures of these members, and without a key binding."""
    jwt, *parts, _ = text.split("~")
    kept = [part for part in parts if not any(f'"{name}"'.encode() in _content(part) for name in names)]
    return "".join(f"{part}~" for part in (jwt, *kept))


def _content(part: str) -> bytes:
    return from_base64url(part, max_chars=10**6)


def sri(text):
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def schemas(entry):
    return [item["code"] for item in entry.check(CheckName.STRUCTURE).evidence.get("schemas", [])]


LIST = "https://lists.example/1"


def status(index=3, uri=LIST):
    return {"status_list": {"idx": index, "uri": uri}}


def status_list(  # noqa: PLR0913 -- as above
    values=(), by=ISSUER, *, size=2, entries=16, typ="statuslist+jwt", header=None, **members
):
    packed = to_base64url(zlib.compress(pack(dict(values), entries, size)))
    claims = {"iss": ISSUER.did, "sub": LIST, "iat": NOW - 60, "status_list": {"bits": size, "lst": packed}, **members}
    claims = {name: value for name, value in claims.items() if value is not None}
    return token(claims, by, **{"typ": typ, **(header or {})})
