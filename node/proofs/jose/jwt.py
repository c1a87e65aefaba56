"""A JSON Web Token around a document: the JWS, and what its registered claims say of the signature.

The claims stand among the members of the document, for the payload is the document. `iat`, `nbf` and `exp` are about
the signature, `aud` and `nonce` about the one it is an answer to, `iss` and the header's `kid` about whose key it is.

Spec: https://www.rfc-editor.org/rfc/rfc7519#section-4.1, https://www.w3.org/TR/vc-jose-cose/#with-jose
"""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from node.documents import JsonObject, pointer
from node.proofs.errors import MalformedProofError, ProofFailure, ProofIndeterminate, shown
from node.proofs.jose.algorithms import VerificationKey
from node.proofs.jose.jws import Jws, VerifiedJws, check_trustworthy, verify_jws
from node.proofs.proof import Form

REGISTERED_CLAIMS: Final = frozenset({"iss", "sub", "aud", "exp", "nbf", "iat", "jti", "nonce", "cnf"})
"""Claims that are the token's, whatever document it is around."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MAX_SECONDS: Final = int((datetime.max.replace(tzinfo=UTC) - _EPOCH).total_seconds())


@dataclass(frozen=True, slots=True, kw_only=True)
class JwtProof:
    """A view of a received token as a proof of its payload; nothing of it has been verified.

    Its members say what those of `Proof` do. Where `names_owner_only`, the header names no key, and the verification
    method is that of the maker alone.
    """

    jws: Jws
    path: str
    proof_purpose: str
    verification_method: str | None
    names_owner_only: bool
    created: str | None
    starts: str | None
    expires: str | None
    domain: tuple[str, ...]
    challenge: str | None
    algorithms: AbstractSet[str]
    """The algorithms that may secure such a document."""
    own_members: AbstractSet[str] = REGISTERED_CLAIMS

    @property
    def form(self) -> Form:
        """How the document is secured."""
        return Form.JWT

    @property
    def kind(self) -> str:
        """The form and the algorithm."""
        return f"JWT {self.jws.algorithm[:16]}"

    @property
    def signs_text(self) -> bool:
        """That it signs the text of the document, whether its terms are defined or not."""
        return True

    @property
    def derived(self) -> bool:
        """That the holder chose nothing of what is shown."""
        return False

    @property
    def text(self) -> str:
        """The whole of it, as it was received."""
        return self.jws.text

    @property
    def refusal(self) -> ProofFailure | ProofIndeterminate | None:
        """Why it would not be verified under any key; None where the signature can be tried."""
        try:
            check_trustworthy(self.jws, algorithms=self.algorithms)
        except (ProofFailure, ProofIndeterminate) as error:
            return error
        return None

    def verify(self, key: VerificationKey) -> VerifiedJws:
        """Verify the signature; raises InvalidProofError, or ProofIndeterminate where it could not be checked."""
        return verify_jws(self.jws, key, algorithms=self.algorithms)


def read_jwt(  # noqa: PLR0913 -- each is known to whoever opens the token, and not in it
    jws: Jws, claims: JsonObject, *, maker: str | None, purpose: str, algorithms: AbstractSet[str], path: str = ""
) -> JwtProof:
    """The token as a proof of its payload; `maker` is who the payload says made it, where there is no `iss`.

    1. The claims that are read have the types that RFC 7519 gives them; a date is one within the years 1 to 9999.
    2. `kid` is a whole identifier of a method, or the part of one that follows its owner. Without it the only method
       of the owner's is meant.

    Raises MalformedProofError (proof.malformed.jwt_claim).
    """
    issuer = _text(claims, "iss", path)  # 1.
    created, starts, expires = (_date(claims, name, path) for name in ("iat", "nbf", "exp"))
    owner, kid = issuer or maker, jws.kid
    if kid is None:  # 2.
        method = owner
    elif ":" in kid or owner is None:
        method = kid
    else:
        method = f"{owner}#{kid.removeprefix('#')}"
    return JwtProof(
        jws=jws,
        path=path,
        proof_purpose=purpose,
        verification_method=method,
        names_owner_only=kid is None,
        created=created,
        starts=starts,
        expires=expires,
        domain=_audience(claims, path),
        challenge=_text(claims, "nonce", path),
        algorithms=algorithms,
    )


def numeric_date(moment: datetime) -> int | float:
    """The NumericDate of an aware datetime: whole seconds unless it has a fraction.

    Spec: https://www.rfc-editor.org/rfc/rfc7519#section-2
    """
    seconds = (moment - _EPOCH).total_seconds()
    return int(seconds) if seconds.is_integer() else seconds


def moment_of(value: object) -> datetime | None:
    """The moment of a NumericDate; None for what is none, or lies beyond the calendar."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= _MAX_SECONDS:
        return None
    try:
        return _EPOCH + timedelta(seconds=value)
    except OverflowError:
        return None


def _date(claims: JsonObject, name: str, path: str) -> str | None:
    if name not in claims:
        return None
    moment = moment_of(claims[name])
    if moment is None:
        raise _malformed(name, claims[name], "a number of seconds since 1970", path)
    return moment.replace(tzinfo=None).isoformat() + "Z"


def _text(claims: JsonObject, name: str, path: str) -> str | None:
    value = claims.get(name)
    if name in claims and (not isinstance(value, str) or not value):
        raise _malformed(name, value, "a text that is not empty", path)
    return value if isinstance(value, str) else None


def _audience(claims: JsonObject, path: str) -> tuple[str, ...]:
    if "aud" not in claims:
        return ()
    value = claims["aud"]
    items = value if isinstance(value, list) else [value]
    texts = tuple([item for item in items if isinstance(item, str) and item])
    if not items or len(texts) < len(items):
        raise _malformed("aud", value, "a text, or a list of texts", path)
    return texts


def _malformed(name: str, value: object, expected: str, path: str) -> MalformedProofError:
    return MalformedProofError(
        f"the claim {name} is {shown(value)}; it must be {expected}",
        code="proof.malformed.jwt_claim",
        path=path + pointer(name),
    )
