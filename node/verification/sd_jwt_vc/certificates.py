"""The key in a chain of certificates, where it leads to a certificate that the verifier trusts.

The header that brings a chain was written by whoever made the token, so the chain alone says nothing. It counts when
it ends, with nothing missing and nothing expired, at a root of the verifier's own, and the certificate of the key is in
the issuer's name.

Spec: https://www.rfc-editor.org/rfc/rfc7515#section-4.1.6, https://www.rfc-editor.org/rfc/rfc5280#section-6
"""

import re
from base64 import b64decode
from binascii import Error as Base64Error
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, SECP384R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.verification import ExtensionPolicy, PolicyBuilder, Store, VerificationError

from did_methods.multikey import KeyType, PublicKey
from node.documents import JsonObject, JsonValue
from node.verification.check import Outcome
from node.verification.keys import KeyFinding
from node.verification.policy import KeyEvidence, Policy
from node.verification.trust import Trust

MAX_CERTIFICATES: Final = 6
"""A leaf, and the authorities above it; one or two in practice."""
MAX_CERTIFICATE_CHARS: Final = 12 * 1024
"""One certificate in base64; those with an elliptic key take a tenth of it."""
_BASE64: Final = re.compile(r"[A-Za-z0-9+/]+={0,2}", re.ASCII)
_PREFIX: Final = "issuer_key.x5c"
_ASK: Final = "Ask the issuer which authority certifies it, and add that one's certificate to your trust file."


def certified_key(  # noqa: PLR0911 -- one per answer
    chain: JsonValue, issuer: str | None, trust: Trust, policy: Policy, at: datetime
) -> tuple[str | None, KeyFinding]:
    """Who the issuer is, and the key of the first certificate of a chain, as one of the issuer's.

    1. There are few of them, each one DER certificate in base64.
    2. The verifier has roots, and the chain leads to one of them at that time. Where it does not, nothing is known.
    3. The first is for signatures, and in the name of the issuer: its host or its whole identifier stands among the
       alternative names. Where the token names no issuer, its subject is the issuer.
    4. Its key is of a kind that signs such tokens.
    5. The policy takes a key of which only the present is known.
    """
    certificates = _read(chain)  # 1.
    if isinstance(certificates, str):
        return issuer, _finding(
            Outcome.FAILED, "malformed", f"The chain of certificates cannot be read: {certificates}."
        )
    leaf, *between = certificates
    maker = issuer or f"x509:{leaf.subject.rfc4514_string()}"
    evidence: JsonObject = {"subject": leaf.subject.rfc4514_string()[:256], "evidence": KeyEvidence.NOW_ONLY.value}
    if not trust.roots:  # 2.
        return maker, _finding(
            Outcome.INDETERMINATE, "no_roots", f"Your trust file names no certificates. {_ASK}", evidence
        )
    try:
        verifier = (
            PolicyBuilder()
            .store(Store([x509.load_der_x509_certificate(root.der) for root in trust.roots]))
            .time(at)
            .max_chain_depth(MAX_CERTIFICATES)
            .extension_policies(ca_policy=ExtensionPolicy.webpki_defaults_ca(), ee_policy=ExtensionPolicy.permit_all())
            .build_client_verifier()
        )
        verified = verifier.verify(leaf, between)
    except (VerificationError, ValueError, UnsupportedAlgorithm) as error:
        reason = str(error).partition("\n")[0][:160]
        message = f"The certificates lead to none that you trust, or not at that time ({reason}). {_ASK}"
        return maker, _finding(Outcome.INDETERMINATE, "untrusted", message, evidence)
    evidence["root"] = verified.chain[-1].subject.rfc4514_string()[:256]
    if not _signs(leaf):  # 3.
        return maker, _finding(
            Outcome.FAILED, "usage", "The certificate is for an authority, or not for signatures.", evidence
        )
    if issuer is not None and not _names(leaf, issuer):
        message = f"The certificate is not in the name of {issuer[:96]}."
        return maker, _finding(Outcome.FAILED, "issuer", message, evidence)
    key = _key(leaf)  # 4.
    if key is None:
        message = "The certified key is of a kind that signs no such tokens."
        return maker, _finding(Outcome.INDETERMINATE, "key_type", message, evidence)
    evidence["keyType"] = str(key.type)
    outcome, code, message = Outcome.PASSED, "issuer_key.passed", "The key is certified by an authority that you trust."
    if KeyEvidence.NOW_ONLY not in policy.key_evidence:  # 5.
        outcome, code = Outcome.INDETERMINATE, "issuer_key.undated"
        message = "Since when the key is its issuer's is not known; your policy asks for more."
    return maker, KeyFinding(outcome, code, message, maker, key, authorised=True, authentic=True, evidence=evidence)


def _read(chain: JsonValue) -> list[x509.Certificate] | str:
    if not isinstance(chain, list) or not 0 < len(chain) <= MAX_CERTIFICATES:
        return f"it is no list of 1 to {MAX_CERTIFICATES} certificates"
    found: list[x509.Certificate] = []
    for text in chain:
        if not isinstance(text, str) or len(text) > MAX_CERTIFICATE_CHARS or not _BASE64.fullmatch(text):
            return "one of them is no base64 text of that size"
        try:
            certificate = x509.load_der_x509_certificate(b64decode(text, validate=True))
            certificate.subject.rfc4514_string()  # read only when it is asked for, and perhaps not to be read
            found.append(certificate)
        except (ValueError, TypeError, Base64Error, x509.InvalidVersion) as error:  # TypeError: for odd names
            return str(error).partition("\n")[0][:120]
    return found


def _signs(leaf: x509.Certificate) -> bool:
    """Whether the certificate is no authority's, and for signatures where it says for what it is."""
    try:
        for extension in leaf.extensions:
            if isinstance(extension.value, x509.KeyUsage) and not extension.value.digital_signature:
                return False
            if isinstance(extension.value, x509.BasicConstraints) and extension.value.ca:
                return False
    except (ValueError, x509.DuplicateExtension):
        return False
    return True


def _names(leaf: x509.Certificate, issuer: str) -> bool:
    """Whether one of the alternative names is the issuer's identifier, or the host of it; wildcards name nobody."""
    try:
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        # an address with tabs or ends of lines in it would be read as the one without
        host = urlsplit(issuer).hostname if issuer.startswith("https://") and issuer.isprintable() else None
    except (ValueError, x509.ExtensionNotFound, x509.DuplicateExtension):
        return False
    hosts = [name.lower() for name in names.get_values_for_type(x509.DNSName)]
    return issuer in names.get_values_for_type(x509.UniformResourceIdentifier) or (host is not None and host in hosts)


def _key(leaf: x509.Certificate) -> PublicKey | None:
    try:
        key = leaf.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return None
    if not isinstance(key, EllipticCurvePublicKey):
        return None
    kinds = {SECP256R1.name: KeyType.P256, SECP384R1.name: KeyType.P384}
    kind = kinds.get(key.curve.name)
    return None if kind is None else PublicKey(kind, key.public_bytes(Encoding.X962, PublicFormat.CompressedPoint))


def _finding(outcome: Outcome, why: str, message: str, evidence: JsonObject | None = None) -> KeyFinding:
    return KeyFinding(outcome, f"{_PREFIX}.{why}", message, evidence=evidence or {})
