"""What an issuer whose identifier is an address publishes there: the keys that it signs with.

Whose an address is, only the address shows: a copy of this that came with a file counts nothing.

Spec: https://www.ietf.org/archive/id/draft-ietf-oauth-sd-jwt-vc-13.html#section-4
"""

from typing import Final
from urllib.parse import urlsplit

from did_methods.errors import DidMethodsError
from did_methods.multikey import PublicKey
from node.credentials.timestamps import format_timestamp
from node.documents import MAX_CREDENTIAL_BYTES, DocumentError, JsonObject, JsonValue, parse_object
from node.verification.check import Outcome
from node.verification.keys import KeyFinding
from node.verification.material import MetadataCopy, Origin, VerificationMaterial
from node.verification.policy import KeyEvidence, Policy

HTTPS: Final = "https://"
WELL_KNOWN: Final = "/.well-known/jwt-vc-issuer"
MAX_KEYS: Final = 64
"""Keys of one issuer; a handful in practice."""


def metadata_url(issuer: str) -> str | None:
    """The address of an issuer's metadata; None for an identifier that has none: no https URL of host and path.

    Python leaves tabs and ends of lines out of an address before it reads it: then another issuer would be asked.
    """
    if not issuer.startswith(HTTPS) or not issuer.isprintable():
        return None
    try:
        parts = urlsplit(issuer)
    except ValueError:
        return None
    if not parts.hostname or parts.query or parts.fragment or "?" in issuer or "#" in issuer or "@" in parts.netloc:
        return None
    return f"{HTTPS}{parts.netloc}{WELL_KNOWN}{parts.path.rstrip('/')}"


def keys_url(issuer: str, copy: MetadataCopy) -> str | None:
    """The address of the issuer's keys, where its metadata names one instead of holding them."""
    metadata = _read(copy)
    address = None if isinstance(metadata, str) else metadata.get("jwks_uri")
    return address if isinstance(address, str) and _is_of(metadata, issuer) and "jwks" not in metadata else None


def published_key(  # noqa: PLR0911 -- one per answer
    issuer: str, kid: str | None, material: VerificationMaterial, policy: Policy
) -> KeyFinding:
    """The key that an issuer publishes at its own address.

    1. Its metadata was fetched from there, and is about this issuer.
    2. It holds the keys, or names the one address where they were fetched from.
    3. One of them is meant: the only one with this `kid`, or the only one.
    4. It is a sound public key for signatures.
    5. The policy takes a key of which only the present is known.
    """
    url = metadata_url(issuer)
    if url is None:
        message = "The issuer's identifier is no address at which keys could be published."
        return KeyFinding(Outcome.FAILED, "issuer_key.metadata.address", message)
    copy = _copy(material, url)  # 1.
    if isinstance(copy, KeyFinding):
        return copy
    evidence: JsonObject = {
        "method": issuer if kid is None else f"{issuer}#{kid[:96]}",
        "evidence": KeyEvidence.NOW_ONLY.value,
        "origin": copy.origin.value,
        "resolvedAt": format_timestamp(copy.obtained_at),
    }
    metadata = _read(copy)
    if isinstance(metadata, str):
        return _unknown("unreadable", f"What the issuer publishes of its keys cannot be read: {metadata}.", evidence)
    if not _is_of(metadata, issuer):
        message = f"What is published at {url[:96]} is about another issuer, and must not be used."
        return KeyFinding(Outcome.FAILED, "issuer_key.metadata.issuer", message, evidence=evidence)
    keys = metadata.get("jwks")  # 2.
    address = metadata.get("jwks_uri")
    if (keys is None) is (address is None):
        return _unknown("keys", "The issuer publishes its keys in two places, or in none.", evidence)
    if keys is None:
        held = _copy(material, str(address))
        if isinstance(held, KeyFinding):
            return held
        keys = _read(held)
    return _chosen(keys, kid, policy, issuer, evidence)


def _chosen(keys: JsonValue, kid: str | None, policy: Policy, issuer: str, evidence: JsonObject) -> KeyFinding:
    listed = keys.get("keys") if isinstance(keys, dict) else None
    if not isinstance(listed, list) or len(listed) > MAX_KEYS:
        return _unknown("keys", f"What the issuer publishes is no set of at most {MAX_KEYS} keys.", evidence)
    named = [key for key in listed if isinstance(key, dict) and (kid is None or key.get("kid") == kid)]  # 3.
    if len(named) != 1:
        message = (
            "The issuer publishes no key of this name." if not named else "Which of the issuer's keys is not said."
        )
        outcome = Outcome.FAILED if kid is not None and not named else Outcome.INDETERMINATE
        return KeyFinding(outcome, "issuer_key.metadata.kid", message, issuer, evidence=evidence)
    if named[0].get("use", "sig") != "sig":  # 4.
        message = "The key is published for something else than signatures."
        return KeyFinding(Outcome.FAILED, "issuer_key.metadata.use", message, issuer, evidence=evidence)
    try:
        key = PublicKey.from_jwk(named[0])
    except DidMethodsError as error:
        return _unknown("key", f"The issuer's key cannot be used: {error}. {error.remedy}", evidence)
    outcome, code, message = Outcome.PASSED, "issuer_key.passed", "The key is one that its issuer publishes."
    if KeyEvidence.NOW_ONLY not in policy.key_evidence:  # 5.
        outcome, code = Outcome.INDETERMINATE, "issuer_key.undated"
        message = "Since when the key is its issuer's is not known; your policy asks for more."
    evidence["keyType"] = str(key.type)
    return KeyFinding(outcome, code, message, issuer, key, authorised=True, authentic=True, evidence=evidence)


def _copy(material: VerificationMaterial, url: str) -> MetadataCopy | KeyFinding:
    found = [copy for copy in material.metadata if copy.url == url]
    live = [copy for copy in found if copy.origin is Origin.LIVE]
    if live:
        return max(live, key=lambda copy: copy.obtained_at)
    if found:
        message = "The keys came only with the file. Connect and check again, or pin the issuer's document."
        return KeyFinding(Outcome.INDETERMINATE, "issuer_key.from_file", message)
    failure = material.failures.get(url)
    reason = failure.message if failure else "nobody looked there"
    message = f"What is published at {url[:96]} is not known: {reason}. Connect and check again."
    return KeyFinding(Outcome.INDETERMINATE, "issuer_key.unresolved", message)


def _read(copy: MetadataCopy) -> JsonObject | str:
    try:
        return parse_object(copy.content, max_bytes=MAX_CREDENTIAL_BYTES)
    except DocumentError as error:
        return str(error)


def _is_of(metadata: JsonObject | str, issuer: str) -> bool:
    return not isinstance(metadata, str) and metadata.get("issuer") == issuer


def _unknown(why: str, message: str, evidence: JsonObject) -> KeyFinding:
    return KeyFinding(Outcome.INDETERMINATE, f"issuer_key.metadata.{why}", message, evidence=evidence)
