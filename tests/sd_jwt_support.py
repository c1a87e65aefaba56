"""What the tests of SD-JWTs share: issuing and showing them as anybody could, well or badly."""

from jose_support import NOW, encoded, token
from verification_support import HOLDER, ISSUER, REQUEST, Party

from did_methods.multibase import to_base64url
from node.documents import JsonObject, JsonValue
from node.proofs.sd_jwt.concealment import conceal
from node.proofs.sd_jwt.disclosure import digest_of

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
    from did_methods.multibase import from_base64url  # noqa: PLC0415 -- one use

    return from_base64url(part, max_chars=10**6)


__all__ = ["CLAIMS", "HIDDEN", "VCT", "digest", "raw", "sd_jwt", "shown", "to_base64url", "with_claims", "without"]
