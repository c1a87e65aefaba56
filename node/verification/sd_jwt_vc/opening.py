"""Opening an SD-JWT: a credential of the W3C in one, or an SD-JWT VC.

One media type, `vc+sd-jwt`, was both. So which it is, the claims say: those of an SD-JWT VC have a `vct`, a credential
of the W3C a `@context`. With both, two readers would read two things.

Spec: https://www.w3.org/TR/vc-jose-cose/#with-sd-jwt, https://datatracker.ietf.org/doc/draft-ietf-oauth-sd-jwt-vc/
"""

from typing import Final

from node.credentials.credential import Credential
from node.credentials.findings import Finding, indeterminate, wrong
from node.credentials.presentation import DocumentKind, kind_of
from node.credentials.registered_claims import WRAPPERS, check_credential_claims
from node.credentials.sd_jwt_vc import NEVER_DISCLOSED, TYPE, check_claims
from node.credentials.structure import Version, version_of
from node.proofs.errors import InvalidProofError, ProofsError, UnsupportedProofError
from node.proofs.jose.jws import CERTIFICATES, check_trustworthy
from node.proofs.options import ASSERTION_METHOD
from node.proofs.sd_jwt.proof import OpenedSdJwt, open_sd_jwt, read_sd_jwt
from node.proofs.sd_jwt.sd_jwt import parse_sd_jwt
from node.verification.received import USUAL_ALGORITHMS, Received

CONTEXT: Final = "@context"
TYPES: Final = frozenset({"dc+sd-jwt", "vc+sd-jwt"})
"""What an SD-JWT VC calls itself: now, and until November 2024."""
W3C_TYPE: Final = "vc+sd-jwt"
W3C_CONTENT: Final = "vc"
ALWAYS_OPEN: Final = NEVER_DISCLOSED | {
    CONTEXT,
    "type",
    "issuer",
    "validFrom",
    "validUntil",
    "credentialStatus",
    "credentialSchema",
    "relatedResource",
}
"""Members of a credential that no holder may be able to hide: what it is, whose, and until when it counts."""
CERTIFIED: Final = frozenset({CERTIFICATES})
_BOTH: Final = "Ask the issuer for one that is either an SD-JWT VC, with vct, or a W3C credential, with @context."


def open_selective(text: str, path: str, expected: DocumentKind | None = None) -> Received:
    """What is in an SD-JWT, which is expected to be of a kind where something around it says so.

    1. It can be read: each MUST of RFC 9901, 7.1, but for the signature. It is under an algorithm that shows something.
    2. It has a `vct`, or a `@context`, and not both.
    3. It is what its type says, and that fits.

    Findings never raise: what is wrong with it is a problem of what was received.
    """
    try:  # 1.
        opened = open_sd_jwt(parse_sd_jwt(text))
        _check_protected(opened)
    except ProofsError as error:
        unsupported = isinstance(error, UnsupportedProofError)
        problem = (indeterminate if unsupported else wrong)(error.code, path, str(error), error.remedy)
        return Received(path, text, None, (problem,))
    typed, in_context = TYPE in opened.claims, CONTEXT in opened.claims  # 2.
    if typed is in_context:
        message = f"the claims have {'both' if typed else 'neither'} vct {'and' if typed else 'nor'} @context"
        return Received(path, text, None, (wrong("sd_jwt.kind", path, message, _BOTH),))
    try:
        return _typed(opened, path, expected) if typed else _credential(opened, path, expected)
    except ProofsError as error:
        return Received(path, text, None, (wrong(error.code, error.path, str(error), error.remedy),))


def _typed(opened: OpenedSdJwt, path: str, expected: DocumentKind | None) -> Received:
    """An SD-JWT VC: its type is one of TYPES, its claims are sound, and those that stand in the open do so."""
    proof = read_sd_jwt(
        opened, maker=None, purpose=ASSERTION_METHOD, algorithms=USUAL_ALGORITHMS, path=path, tolerated=CERTIFIED
    )
    problems = [
        *_mistyped(opened, TYPES, path),
        *check_claims(opened.claims, path),
        *_hidden(opened, NEVER_DISCLOSED, path),
    ]
    if expected is not None:
        problems.append(wrong("jwt.typ", path, f"the envelope for a {expected} holds an SD-JWT VC"))
    return Received(path, opened.claims, proof, tuple(problems), typed=True)


def _credential(opened: OpenedSdJwt, path: str, expected: DocumentKind | None) -> Received:
    """A credential of the data model 2.0 in an SD-JWT."""
    document, problems = opened.claims, _mistyped(opened, frozenset({W3C_TYPE}), path)
    kind = kind_of(document)
    if kind is not DocumentKind.CREDENTIAL or version_of(document) is not Version.V2_0 or expected not in {None, kind}:
        problems.append(wrong("jwt.payload", path, "the claims are no credential of the data model 2.0"))
    if opened.sd_jwt.jwt.cty not in {None, W3C_CONTENT}:
        problems.append(wrong("jwt.typ", path, f"its content type is {str(opened.sd_jwt.jwt.cty)[:64]!r}"))
    for name in WRAPPERS:
        if name in document:
            problems.append(wrong("jwt.wrapper", f"{path}/{name}", f"the document is wrapped in the claim {name}"))
    problems += _hidden(opened, ALWAYS_OPEN, path)
    if problems:
        return Received(path, opened.sd_jwt.text, None, tuple(problems))
    maker = Credential(document).issuer
    proof = read_sd_jwt(opened, maker=maker, purpose=ASSERTION_METHOD, algorithms=USUAL_ALGORITHMS, path=path)
    return Received(path, document, proof, tuple(check_credential_claims(document, path, (None, None))))


def _mistyped(opened: OpenedSdJwt, types: frozenset[str], path: str) -> list[Finding]:
    typ = opened.sd_jwt.jwt.typ
    if typ in types:
        return []
    return [
        wrong("jwt.typ", path, f"the type of the token is {str(typ)[:64]!r}; it must be {' or '.join(sorted(types))}")
    ]


def _hidden(opened: OpenedSdJwt, names: frozenset[str], path: str) -> list[Finding]:
    name = opened.hidable(names)
    if name is None:
        return []
    message = f"a holder could hide {name}, or a part of it"
    return [
        wrong("sd_jwt.hidable", f"{path}/{name}", message, "Ask the issuer for one in which that stands in the open.")
    ]


def _check_protected(opened: OpenedSdJwt) -> None:
    """Refuse what shows nothing, whoever the maker is; other algorithms are left to the check of the proof."""
    for jws in (opened.sd_jwt.jwt, opened.sd_jwt.key_binding):
        try:
            if jws is not None:
                check_trustworthy(jws, algorithms=USUAL_ALGORITHMS, tolerated=CERTIFIED)
        except InvalidProofError:
            raise
        except UnsupportedProofError:
            continue
