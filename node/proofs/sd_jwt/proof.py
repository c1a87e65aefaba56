"""An SD-JWT as a proof of its claims: the issuer's token, what was disclosed of it, and perhaps who shows it.

The claims that are read here are those that the issuer signed in the open. What a Disclosure brings is never the word
on whose token it is, from when until when it counts, or with whose key it may be shown.

Spec: https://www.rfc-editor.org/rfc/rfc9901#section-7.1
"""

from collections.abc import Collection
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

from node.documents import MAX_CREDENTIAL_BYTES, DocumentError, JsonObject, JsonValue, parse_object
from node.proofs.errors import ProofFailure, ProofIndeterminate
from node.proofs.jose.algorithms import VerificationKey
from node.proofs.jose.jws import CERTIFICATES, NOTHING, Jws, VerifiedJws, check_trustworthy, verify_jws
from node.proofs.jose.jwt import REGISTERED_CLAIMS, JwtProof, read_jwt
from node.proofs.proof import Form
from node.proofs.sd_jwt.disclosure import DIGESTS, ELEMENT, Disclosure, malformed
from node.proofs.sd_jwt.processing import ProcessedPayload, is_within, process
from node.proofs.sd_jwt.sd_jwt import SdJwt

CONFIRMATION: Final = "cnf"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedSdJwt:
    """An SD-JWT, its payload as it was signed, and its claims with what was disclosed; nothing has been verified."""

    sd_jwt: SdJwt
    payload: JsonObject
    processed: ProcessedPayload

    @property
    def claims(self) -> JsonObject:
        """The claims, disclosed ones in their places."""
        return self.processed.claims

    @property
    def certificates(self) -> JsonValue:
        """What the header brings as a chain of certificates; None where it brings none."""
        return self.sd_jwt.jwt.header.get(CERTIFICATES)

    def stands_open(self, pointers: Collection[str]) -> bool:
        """Whether what these pointers name in the claims was signed in the open, all of it."""
        processed = self.processed
        return not processed.needed_for(pointers) and not any(
            is_within(place, wanted) for place in processed.incomplete for wanted in pointers
        )

    def hidable(self, names: AbstractSet[str]) -> str | None:
        """One of these claims of which the issuer left something to be disclosed; None where there is none.

        One that was not disclosed at all is nowhere to be seen.
        """
        disclosed = {place.split("/")[1] for place in self.processed.disclosed}
        return next((name for name in sorted(names) if name in disclosed or _has_digests(self.payload.get(name))), None)


def open_sd_jwt(sd_jwt: SdJwt) -> OpenedSdJwt:
    """The SD-JWT with its claims, by step 3 and those after it of section 7.1; the signature is for later.

    Raises MalformedProofError, and UnsupportedProofError for a hash algorithm that is not known.
    """
    try:
        payload = parse_object(sd_jwt.jwt.payload, max_bytes=MAX_CREDENTIAL_BYTES)
    except DocumentError as error:
        raise malformed(f"the payload cannot be read: {error}", "payload") from error
    return OpenedSdJwt(sd_jwt=sd_jwt, payload=payload, processed=process(payload, sd_jwt.disclosures))


@dataclass(frozen=True, slots=True, kw_only=True)
class SdJwtProof:
    """A view of a received SD-JWT as a proof of its claims. Its members say what those of `JwtProof` do."""

    opened: OpenedSdJwt
    token: JwtProof
    """The issuer's part, as a token by itself."""
    tolerated: AbstractSet[str] = NOTHING
    """What the header may bring beside `kid`: certificates, where somebody looks at them."""
    own_members: AbstractSet[str] = REGISTERED_CLAIMS

    @property
    def jws(self) -> Jws:
        """The issuer-signed JWT."""
        return self.token.jws

    @property
    def path(self) -> str:
        """Where it stands in what was handed over."""
        return self.token.path

    @property
    def form(self) -> Form:
        """How the claims are secured."""
        return Form.SD_JWT

    @property
    def kind(self) -> str:
        """The form and the algorithm."""
        return f"SD-JWT {self.jws.algorithm[:16]}"

    @property
    def signs_text(self) -> bool:
        """That it signs the text of the claims, whether their names are defined or not."""
        return True

    @property
    def derived(self) -> bool:
        """Whether there are digests of which nothing was disclosed; those of decoys look like any other."""
        return self.opened.processed.withheld > 0

    @property
    def text(self) -> str:
        """The whole of it, as it was received."""
        return self.opened.sd_jwt.text

    @property
    def proof_purpose(self) -> str:
        """What the issuer signed for."""
        return self.token.proof_purpose

    @property
    def verification_method(self) -> str | None:
        """Whose key it names."""
        return self.token.verification_method

    @property
    def names_owner_only(self) -> bool:
        """Whether the header names no key."""
        return self.token.names_owner_only

    @property
    def created(self) -> str | None:
        """`iat`."""
        return self.token.created

    @property
    def starts(self) -> str | None:
        """`nbf`."""
        return self.token.starts

    @property
    def expires(self) -> str | None:
        """`exp`."""
        return self.token.expires

    @property
    def domain(self) -> tuple[str, ...]:
        """`aud` of the issuer's token; that of a key binding is another."""
        return self.token.domain

    @property
    def challenge(self) -> str | None:
        """`nonce` of the issuer's token; that of a key binding is another."""
        return self.token.challenge

    @property
    def confirmation(self) -> JsonValue:
        """Whose key may show it, by the issuer's word; None where the issuer does not say."""
        return self.opened.payload.get(CONFIRMATION)

    @property
    def disclosures(self) -> tuple[Disclosure, ...]:
        """What was disclosed."""
        return self.opened.sd_jwt.disclosures

    @property
    def refusal(self) -> ProofFailure | ProofIndeterminate | None:
        """Why it would not be verified under any key; None where the signature can be tried."""
        try:
            check_trustworthy(self.jws, algorithms=self.token.algorithms, tolerated=self.tolerated)
        except (ProofFailure, ProofIndeterminate) as error:
            return error
        return None

    def verify(self, key: VerificationKey) -> VerifiedJws:
        """Verify the issuer's signature; raises InvalidProofError, or ProofIndeterminate where it was not checked."""
        return verify_jws(self.jws, key, algorithms=self.token.algorithms, tolerated=self.tolerated)


def read_sd_jwt(  # noqa: PLR0913 -- each is known to whoever opens it, and not in it
    opened: OpenedSdJwt,
    *,
    maker: str | None,
    purpose: str,
    algorithms: AbstractSet[str],
    path: str = "",
    tolerated: AbstractSet[str] = NOTHING,
) -> SdJwtProof:
    """The SD-JWT as a proof of its claims, by what was signed in the open; see `read_jwt`."""
    token = read_jwt(opened.sd_jwt.jwt, opened.payload, maker=maker, purpose=purpose, algorithms=algorithms, path=path)
    return SdJwtProof(opened=opened, token=token, tolerated=tolerated)


def _has_digests(value: JsonValue) -> bool:
    if isinstance(value, dict):
        return DIGESTS in value or ELEMENT in value or any(map(_has_digests, value.values()))
    return isinstance(value, list) and any(map(_has_digests, value))
