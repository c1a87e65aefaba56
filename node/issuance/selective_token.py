"""From an unsecured credential to an SD-JWT, of which the holder chooses what to show.

There are three forms: the credential itself, its members as claims (VC-JOSE), and two kinds of SD-JWT VC in claims of
their own. Whatever the form, a holder can hide neither whose it is, nor from when until when it counts, nor how it can
be withdrawn, nor a result that was not reached.

Spec: https://www.w3.org/TR/vc-jose-cose/#with-sd-jwt, https://datatracker.ietf.org/doc/draft-ietf-oauth-sd-jwt-vc/
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final, NamedTuple

import orjson

from did_methods import jwk as did_jwk
from did_methods import key as did_key
from did_methods.did import parse_did
from did_methods.document import DidDocument, Relationship
from did_methods.errors import DidMethodsError
from node.credentials.credential import Credential
from node.credentials.micro_credential.disclosure import with_the_word
from node.credentials.micro_credential.readers.sd_jwt import EUDI, WE_BUILD
from node.credentials.micro_credential.wallet_forms import wallet_form
from node.credentials.record_name import named_records
from node.credentials.structure import Version, version_of
from node.documents import JsonObject, JsonValue, UnsecuredDocument, pointer
from node.issuance.disclosable import Disclosure, mandatory_pointers
from node.issuance.errors import NotIssuableError
from node.issuance.secure import Signing, check_issuable
from node.issuance.token import check_unclaimed
from node.proofs.jose.jws import prepare_jws
from node.proofs.jose.jwt import numeric_date
from node.proofs.sd_jwt.concealment import conceal
from node.status.token_status_list import TokenStatusEntry
from node.verification.sd_jwt_vc.opening import ALWAYS_OPEN, W3C_CONTENT, W3C_TYPE
from node.verification.vocabulary import vocabulary

TYPE: Final = "dc+sd-jwt"
VCT_OF: Final[Mapping[str, str]] = MappingProxyType({"eudi": EUDI, "we-build": WE_BUILD})
"""What people call the kinds of SD-JWT VC."""
_SUBJECT: Final = "credentialSubject"
_KEPT: Final = frozenset({"type", "@type", "@context"})
"""Members without which an object would not say what it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectiveToken:
    """The SD-JWT as its holder gets it, all Disclosures with it.

    `lost` are elements and options of a micro-credential that the form has no place for, `kept` those of them that
    claims of ours carry; `choosable` are pointers to what the holder may hide.
    """

    text: str
    choosable: tuple[str, ...]
    lost: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()


async def secure_as_sd_jwt(
    document: UnsecuredDocument,
    signing: Signing,
    *,
    created: datetime,
    vct: str | None = None,
    status: TokenStatusEntry | None = None,
) -> SelectiveToken:
    """The document as an SD-JWT by the profile's key: by `vct` in the claims of a wallet form, else as it is.

    1. The document may be signed, by the same rules as in any other form.
    2. Its claims: who issued it, since when and until when; by whose key it may be shown; how it can be withdrawn.
    3. What a holder may hide is hidden; how much there is, decoys keep from being counted.
    4. The key signs; the signature is verified before anything leaves.

    Raises IssuanceError, CompositionError and ProofsError for what must not be signed, and what the key store raises.
    """
    check_issuable(document, signing.profile, vocabulary(signing.trust.contexts))  # 1.
    claims, choosable, lost, kept = claims_of(
        document, signing.profile.disclosure, created=created, vct=vct, status=status
    )  # 2.
    header = {"typ": W3C_TYPE, "cty": W3C_CONTENT} if vct is None else {"typ": TYPE}
    concealed = conceal(claims, choosable)  # 3.
    method = signing.profile.verification_method
    payload = orjson.dumps(concealed.payload)
    unsigned = prepare_jws({**header, "kid": method}, payload, signing.keys.public_key(method))
    jwt = unsigned.complete(await signing.keys.sign(method, unsigned.signing_input))  # 4.
    text = "".join(f"{part}~" for part in (jwt, *(one.text for one in concealed.disclosures)))
    return SelectiveToken(text=text, choosable=choosable, lost=lost, kept=kept)


class SelectiveClaims(NamedTuple):
    """The claims before anything of them is hidden; the others as in a `SelectiveToken`."""

    claims: JsonObject
    choosable: tuple[str, ...]
    lost: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()


def claims_of(
    document: UnsecuredDocument,
    disclosure: Disclosure,
    *,
    created: datetime,
    vct: str | None = None,
    status: TokenStatusEntry | None = None,
) -> SelectiveClaims:
    """The claims that `secure_as_sd_jwt` signs.

    Raises NotIssuableError and CredentialsError; whether the document may be signed is not looked at.
    """
    if vct is None:
        return _as_it_is(document, disclosure, created)
    return _in_claims(document, disclosure, created, vct, status)


def _as_it_is(document: UnsecuredDocument, disclosure: Disclosure, created: datetime) -> SelectiveClaims:
    """The credential and the claims beside its members.  2."""
    if version_of(document) is not Version.V2_0:
        raise NotIssuableError(
            "only credentials of the data model 2.0 are put into SD-JWTs",
            code="issuance.version",
            path="/@context",
            remedy="Write it by the data model 2.0, or sign it in another form.",
        )
    check_unclaimed(document)
    document = with_the_word(document)
    subjects = Credential(document).subject_ids
    claims: JsonObject = {**document, "iat": numeric_date(created), **_confirmation(subjects)}
    shown = {*mandatory_pointers(document, disclosure), *(pointer(name) for name in (*ALWAYS_OPEN, "iat"))}
    return SelectiveClaims(claims, tuple(_choosable(claims, "", shown)))


def _in_claims(
    document: UnsecuredDocument,
    disclosure: Disclosure,
    created: datetime,
    vct: str,
    status: TokenStatusEntry | None,
) -> SelectiveClaims:
    """The claims of a wallet form.  2."""
    if "credentialStatus" in document and status is None:
        raise NotIssuableError(
            "the document can be withdrawn by a list that an SD-JWT VC cannot name",
            code="issuance.status",
            path="/credentialStatus",
            remedy="Give it a place in a Token Status List, so that it can be withdrawn in this form, too.",
        )
    credential = Credential(document)
    form, validity, subjects = wallet_form(document, vct), credential.validity, credential.subject_ids
    claims: JsonObject = {"iss": credential.issuer, "iat": numeric_date(created)}
    dates = {"nbf": validity.start, "exp": validity.end}
    claims |= {name: numeric_date(moment) for name, moment in dates.items() if moment is not None}
    claims |= {**form.claims, **_confirmation(subjects)}
    choosable = form.choosable(awarded_date=disclosure.awarded_date)
    if len(subjects) == 1 and subjects[0] is not None:
        claims["sub"] = subjects[0]
        choosable = (*choosable, pointer("sub"))
    if status is not None:
        claims["status"] = status.to_json()
    if records := named_records(credential.evidence).names:  # in the open, like all that says where it is looked up
        claims["evidence"] = [record.entry() for record in records]
    absent = [one for one in disclosure.mandatory if one.split("/")[1:2] == [] or one.split("/")[1] not in claims]
    if absent:
        raise NotIssuableError(
            f"there is no claim at {absent[0][:96]}",
            code="issuance.mandatory",
            path=absent[0],
            remedy="Name claims of this form, such as /grade.",
        )
    open_ones = {f"/{one.split('/')[1]}" for one in disclosure.mandatory}
    return SelectiveClaims(claims, tuple([one for one in choosable if one not in open_ones]), form.lost, form.kept)


def _confirmation(subjects: Collection[str | None]) -> JsonObject:
    """The holder's key, where the subject's identifier is one; of another DID, a method of it has to be looked up."""
    named = [subject for subject in subjects if subject is not None]
    if len(subjects) != 1 or not named:
        return {}
    try:
        did = parse_did(named[0])
        if did.method not in {did_key.METHOD, did_jwk.METHOD}:
            return {"cnf": {"kid": str(did)}}
        source = did_key.resolve_key(did) if did.method == did_key.METHOD else did_jwk.resolve_jwk(did)
        document = DidDocument.parse(source)
        method = document.verification_method(
            document.only_method(Relationship.AUTHENTICATION), Relationship.AUTHENTICATION
        )
    except DidMethodsError:
        return {}
    return {} if method.key is None else {"cnf": {"jwk": method.key.to_jwk()}}


def _choosable(value: JsonValue, path: str, shown: Collection[str]) -> Iterator[str]:
    """Pointers to what is not shown always: whole, or in parts where something inside is."""
    for place, inner in _parts(value, path):
        if place in shown:
            continue
        if any(one.startswith(f"{place}/") for one in shown) or place == pointer(_SUBJECT):
            yield from _choosable(inner, place, shown)
        else:
            yield place


def _parts(value: JsonValue, path: str) -> Iterator[tuple[str, JsonValue]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            if name not in _KEPT:
                yield path + pointer(name), inner
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield path + pointer(index), inner
