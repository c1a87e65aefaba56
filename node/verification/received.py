"""A document as it was received: what it says, and the envelope it came in, if it came in one.

An envelope is opened once, here. From then on everybody looks at the document inside, and asks the envelope only what
is asked of any proof. Nothing is written again: the envelope keeps the bytes that were signed.

Spec: https://www.w3.org/TR/vc-data-model-2.0/#enveloped-verifiable-credentials, https://www.w3.org/TR/vc-jose-cose/
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from node.credentials.credential import Credential
from node.credentials.findings import Finding, indeterminate, wrong
from node.credentials.open_badges_2.objects import is_assertion, on_the_web
from node.credentials.presentation import DocumentKind, Presentation, check_enveloped, kind_of
from node.credentials.registered_claims import WRAPPERS, check_credential_claims, check_presentation_claims
from node.credentials.structure import types_of
from node.documents import (
    MAX_CREDENTIAL_BYTES,
    MAX_PRESENTATION_BYTES,
    DocumentError,
    JsonObject,
    JsonValue,
    parse,
    parse_object,
)
from node.proofs.errors import ProofsError, UnsupportedProofError
from node.proofs.jose.algorithms import EDDSA, ES256, ES384, RS256
from node.proofs.jose.jws import Jws, check_trustworthy, looks_compact, parse_jws
from node.proofs.jose.jwt import moment_of, read_jwt
from node.proofs.options import ASSERTION_METHOD, AUTHENTICATION
from node.proofs.sd_jwt.sd_jwt import looks_like_sd_jwt
from node.proofs.securing import EnvelopingProof
from node.verification.open_badges_2.received import ReceivedBadge

MAX_ENVELOPE_CHARS: Final = 2 * MAX_PRESENTATION_BYTES
"""One presentation in base64url, with header and signature."""
SPACE: Final = " \t\r\n"
"""What may stand around a token in a file, or in an answer."""
DATA_URL: Final = "data:"
USUAL_ALGORITHMS: Final = frozenset({EDDSA.name, ES256.name, ES384.name})
BADGE_ALGORITHMS: Final = USUAL_ALGORITHMS | {RS256.name}
"""Open Badges 3.0 demands RS256; for anything else it is not taken."""
BADGE_TYPES: Final = frozenset(
    {"OpenBadgeCredential", "AchievementCredential", "EndorsementCredential", "ClrCredential"}
)
SELECTIVE: Final = "~"
"""What stands behind each part of an SD-JWT, and in no other token."""
_JSON: Final = frozenset({b"{", b"["})
JWT: Final = "jwt"
"""The type of a token that says no more; Open Badges 3.0 prescribes it."""

OF_TYPE: Final[Mapping[str, DocumentKind]] = MappingProxyType(
    {"vc+jwt": DocumentKind.CREDENTIAL, "vp+jwt": DocumentKind.PRESENTATION}
)
"""What a token of each type holds."""
IN_DATA_URL: Final[Mapping[str, DocumentKind]] = MappingProxyType({**OF_TYPE, "vc+sd-jwt": DocumentKind.CREDENTIAL})
"""What a token of each media type holds in an envelope of the data model."""
OF_CONTENT: Final[Mapping[str, DocumentKind]] = MappingProxyType(
    {"vc": DocumentKind.CREDENTIAL, "vp": DocumentKind.PRESENTATION}
)
_WITHIN: Final[Mapping[DocumentKind | None, DocumentKind]] = MappingProxyType(
    {
        DocumentKind.ENVELOPED_CREDENTIAL: DocumentKind.CREDENTIAL,
        DocumentKind.ENVELOPED_PRESENTATION: DocumentKind.PRESENTATION,
    }
)
_UNWRAPPED: Final = "Ask for a token of VC-JOSE, whose payload is the credential itself, of the type vc+jwt."


@dataclass(frozen=True, slots=True)
class Received:
    """One document, where it stands in what was handed over, and the envelope that it came in.

    `value` is what it says: the JSON as received, or the payload of the envelope. Where the envelope could not be
    opened, it is what was received, and `problems` say why. Paths inside an envelope go on behind that of the envelope.
    """

    path: str
    value: JsonValue
    envelope: EnvelopingProof | None = None
    problems: tuple[Finding, ...] = ()
    badge: ReceivedBadge | None = None
    """What it is, where it is a badge of Open Badges 2 and no credential; `value` is then as it was received."""
    typed: bool = False
    """Whether it is an SD-JWT VC and no credential of the data model; `value` are then its claims."""

    @property
    def whole(self) -> JsonValue:
        """All of it as it was received: the document, or the text of the envelope."""
        return self.value if self.envelope is None else self.envelope.text


def receive(value: JsonValue, path: str = "") -> Received:
    """The document in what was received, out of its envelope.

    1. A text may be the address of a badge of Open Badges 2, else a token.
    2. An object may be an envelope of the data model, which carries a token in a data URL.
    3. Anything else is what it is, which may be a badge of Open Badges 2. A token is not looked for inside a token.
    """
    if isinstance(value, str):  # 1.
        return Received(path, value, badge=ReceivedBadge.at(value)) if on_the_web(value) else open_token(value, path)
    if isinstance(value, dict):
        kind = kind_of(value)
        if kind in _WITHIN:  # 2.
            return _opened(value, _WITHIN[kind], path)
        if kind is None and is_assertion(value):  # 3.
            return Received(path, value, badge=ReceivedBadge(value))
    return Received(path, value)


def read_text(text: str) -> Received:
    """The document in a text: a token, or JSON; raises DocumentError for what is neither."""
    token = text.strip(SPACE)
    if may_be_token(token):
        return open_token(token, "")
    return receive(parse_object(text, max_bytes=MAX_CREDENTIAL_BYTES))


def subject_of(data: bytes) -> JsonValue:
    """What bytes say: a compact JWS, or the address of a badge, as a text; anything else as the JSON it is.

    Raises DocumentError for what is neither.
    """
    if data[:1] not in _JSON and len(data) <= MAX_ENVELOPE_CHARS and data.isascii():
        text = data.decode("ascii").strip(SPACE)
        if may_be_token(text) or on_the_web(text):
            return text
    return parse(data, max_bytes=MAX_PRESENTATION_BYTES)


def may_be_token(text: str) -> bool:
    """Whether a text could be a token, by its length and characters."""
    return len(text) <= MAX_ENVELOPE_CHARS and (looks_compact(text) or looks_like_sd_jwt(text))


def open_token(text: str, path: str, expected: DocumentKind | None = None) -> Received:
    """The document in a token, which is expected to be of a kind where something around it says so.

    1. It is a compact JWS, under an algorithm that shows something.
    2. Its payload is one JSON object, and the document itself: neither wrapped in a claim nor another envelope.
    3. It is what its type, its content type and whatever is around it say.
    4. Its claims can be read, and contradict the document nowhere.

    One over a badge of Open Badges 2 is no such token; what its header says is left to the check of its proof.

    Findings never raise: what is wrong with a token is a problem of what was received. An SD-JWT is opened by rules of
    its own.
    """
    if SELECTIVE in text:
        from node.verification.sd_jwt_vc.opening import open_selective  # noqa: PLC0415 -- few documents need it

        return open_selective(text, path, expected)
    try:
        jws = parse_jws(text)  # 1.
        check_protected(jws)
        document = parse_object(jws.payload, max_bytes=MAX_PRESENTATION_BYTES)  # 2.
    except (ProofsError, DocumentError) as error:
        unsupported = isinstance(error, UnsupportedProofError)
        return _closed(
            text, path, (indeterminate if unsupported else wrong)(error.code, path, str(error), error.remedy)
        )
    if expected is None and kind_of(document) is None and is_assertion(document):
        return Received(path, text, badge=ReceivedBadge(document, jws))
    if problem := _misplaced(jws, document, expected, path):  # 2. and 3.
        return _closed(text, path, problem)
    presented = kind_of(document) is DocumentKind.PRESENTATION
    try:  # 4.
        envelope = read_jwt(
            jws,
            document,
            maker=Presentation(document).holder if presented else Credential(document).issuer,
            purpose=AUTHENTICATION if presented else ASSERTION_METHOD,
            algorithms=BADGE_ALGORITHMS if BADGE_TYPES.intersection(types_of(document)) else USUAL_ALGORITHMS,
            path=path,
        )
    except ProofsError as error:
        return _closed(text, path, wrong(error.code, error.path, str(error), error.remedy))
    if presented:
        problems = check_presentation_claims(document, path)
    else:
        mapped = jws.typ in {None, JWT}
        dates = [moment_of(document.get(name)) if mapped else None for name in ("nbf", "exp")]
        problems = check_credential_claims(document, path, (dates[0], dates[1]))
    return Received(path, document, envelope, tuple(problems))


def check_protected(jws: Jws) -> None:
    """Refuse a token that shows nothing, whoever the maker is; other algorithms are left to the check of the proof.

    Spec: https://www.w3.org/TR/vc-jose-cose/#jwt-format-and-requirements
    """
    try:
        check_trustworthy(jws, algorithms=BADGE_ALGORITHMS)
    except UnsupportedProofError:
        return


def _opened(wrapper: JsonObject, expected: DocumentKind, path: str) -> Received:
    """The document in an envelope of the data model."""
    problems = tuple(check_enveloped(wrapper, path))
    if problems:
        return Received(path, wrapper, None, problems)
    url, place = str(wrapper["id"]), path + "/id"
    media_type, comma, token = url[len(DATA_URL) :].partition(",")
    content = media_type.lower().removeprefix("application/")
    kind = IN_DATA_URL.get(content) if "/" in media_type else None
    if kind is None or not comma:
        message = f"the envelope holds {media_type[:64]!r}, which is not opened here"
        remedy = "Ask for the document as application/vc+jwt, or with an embedded Data Integrity proof."
        return Received(path, wrapper, None, (indeterminate("credential.enveloped", path, message, remedy),))
    if kind is not expected:
        message = f"an envelope for a {expected} holds a {kind}"
        return Received(path, wrapper, None, (wrong("credential.enveloped.kind", place, message),))
    if (SELECTIVE in token) is (content in OF_TYPE):
        message = f"what is called {content} is something else"
        return Received(path, wrapper, None, (wrong("credential.enveloped.kind", place, message),))
    opened = open_token(token, path, expected)
    return opened if opened.envelope is not None else Received(path, wrapper, None, opened.problems)


def _misplaced(jws: Jws, document: JsonObject, expected: DocumentKind | None, path: str) -> Finding | None:
    typed, kind = jws.typ in OF_TYPE, kind_of(document)
    for name in WRAPPERS:
        if name in document:
            message = f"the document is wrapped in the claim {name}, as in tokens of the data model 1.1"
            return (wrong if typed else indeterminate)("jwt.wrapper", f"{path}/{name}", message, _UNWRAPPED)
    if kind in _WITHIN:
        return wrong("jwt.nested", path, "the token holds another envelope instead of a document")
    if kind is None:
        return wrong("jwt.payload", path, "the payload of the token is neither a credential nor a presentation")
    told = (OF_TYPE.get(jws.typ or ""), OF_CONTENT.get(jws.cty or ""), expected)
    if not (typed or jws.typ in {None, JWT}) or any(other not in {None, kind} for other in told):
        message = f"the token, of the type {str(jws.typ)[:64]!r}, is said to hold something else than its {kind}"
        return wrong("jwt.typ", path, message)
    return None


def _closed(text: str, path: str, problem: Finding) -> Received:
    return Received(path, text, None, (problem,))
