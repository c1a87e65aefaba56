"""From an unsecured credential to a secured one.

Nothing is filled in and nothing is repaired: what is signed is what was handed over, and it is signed only if any
verifier would read it in one way. Where the holder chooses what to show, one word is added: that what must not be
hidden cannot be.

Spec: https://www.w3.org/TR/vc-data-integrity/#add-proof
"""

from dataclasses import dataclass
from datetime import datetime

from did_methods.did import parse_did_url
from did_methods.errors import shown
from did_methods.multikey import KeyType
from node.credentials.context_profile import check_contexts
from node.credentials.credential import Credential, check_credential
from node.credentials.micro_credential.disclosure import check_learner_stated, with_the_word
from node.credentials.record_name import NO_RECORDS, Promise, named_records
from node.documents import JsonObject, SecuredDocument, UnsecuredDocument
from node.issuance.disclosable import (
    DISCLOSABLE,
    NOTHING_MORE,
    Disclosure,
    check_scope,
    mandatory_pointers,
    stated_time,
)
from node.issuance.errors import IssuerMismatchError, NotIssuableError, ProfileError
from node.ports import KeyStore
from node.proofs.cryptosuites.usual import USUAL_SUITES
from node.proofs.data_integrity import Unsigned, prepare
from node.proofs.disclosure import BBS, prepare_base
from node.proofs.options import ProofOptions
from node.verification.trust import Trust
from node.verification.vocabulary import Vocabulary, vocabulary


@dataclass(frozen=True, slots=True)
class SigningProfile:
    """One issuer's way of signing: a DID, a verification method of it, and a cryptosuite."""

    issuer: str
    verification_method: str
    cryptosuite: str
    proof_array: bool = False
    """Write the proof as a list of one, which the JSON Schema of Open Badges 3.0 demands."""
    disclosure: Disclosure = NOTHING_MORE
    """What counts where the cryptosuite lets the holder choose what to show."""

    def __post_init__(self) -> None:
        if str(parse_did_url(self.verification_method).did) != self.issuer:
            raise ProfileError(
                f"{shown(self.verification_method)} is no verification method of {shown(self.issuer)}",
                code="issuance.controller",
                remedy="Sign with a verification method of the issuer's own DID.",
            )


@dataclass(frozen=True, slots=True)
class Signing:
    """Who signs and how, with which keys, and whom and what the signer itself trusts."""

    profile: SigningProfile
    keys: KeyStore
    trust: Trust

    async def secure(self, document: UnsecuredDocument, *, created: datetime) -> SecuredDocument:
        """The document with a proof, by the contexts that the signer knows; see `secure`."""
        return await secure(document, self.profile, self.keys, vocabulary(self.trust.contexts), created=created)


def usual_suite(key_type: KeyType) -> str:
    """The cryptosuite for a kind of key; raises ProfileError for one that signs no credentials."""
    suite = USUAL_SUITES.get(key_type)
    if suite is None:
        raise ProfileError(
            f"keys of type {key_type} do not sign credentials here",
            code="issuance.key_type",
            remedy="Sign with --form bbs, for which such a key is."
            if key_type is KeyType.BLS12_381_G2
            else f"Use a key of one of these types: {', '.join(USUAL_SUITES)}.",
        )
    return suite


async def secure(
    document: UnsecuredDocument, profile: SigningProfile, keys: KeyStore, vocabulary: Vocabulary, *, created: datetime
) -> SecuredDocument:
    """The document with a proof by the profile's key.

    1. It has no proof yet.
    2. It is built as the data model demands, and names its learner as it states.
    3. It names the profile's issuer.
    4. Its contexts are the ones its types call for, each of them pinned, none written inline.
    5. Every member of it has a meaning in them: the RDF form loses nothing. Cryptosuites that sign the JSON form would
       sign undefined terms too; they are refused here all the same.
    6. Records on chains that it names are named soundly, and not in a form that has nothing to anchor.
    7. The configuration and the document are hashed. Where the holder chooses what to show, what nobody may hide is
       hashed apart from the rest, and the document says so; a BBS key signs one kind of credentials only.
    8. The key signs; the signature is verified before the document leaves.

    Raises IssuanceError and ProofsError for what must not be signed, and what the key store raises.
    """
    check_issuable(document, profile, vocabulary)  # 1 to 6
    if profile.cryptosuite in DISCLOSABLE:
        return await _secure_base(document, profile, keys, vocabulary, created=created)
    unsigned = hashed(document, profile, keys, vocabulary, created=created)  # 7
    return unsigned.complete(await keys.sign(profile.verification_method, unsigned.hash_data))  # 8


async def _secure_base(
    document: UnsecuredDocument, profile: SigningProfile, keys: KeyStore, vocabulary: Vocabulary, *, created: datetime
) -> SecuredDocument:
    """Steps 7 and 8 for a proof that the holder derives others from."""
    suite, method = profile.cryptosuite, profile.verification_method
    if suite == BBS:
        check_scope(document, profile.disclosure.scope)
    document = with_the_word(document)
    options = ProofOptions(cryptosuite=suite, verification_method=method, created=stated_time(suite, created))
    unsigned = prepare_base(  # 7
        document,
        options,
        keys.public_key(method),
        mandatory_pointers(document, profile.disclosure),
        jsonld=vocabulary.jsonld,
        array=profile.proof_array,
    )
    if unsigned.messages is None:  # 8
        return unsigned.complete(await keys.sign(method, unsigned.data))
    return unsigned.complete(await keys.sign_messages(method, unsigned.data, unsigned.messages))


def check_issuable(document: JsonObject, profile: SigningProfile, vocabulary: Vocabulary) -> None:
    """Steps 1 to 6 of `secure`: return if the document may be signed by the profile."""
    _check_unsecured(document)  # 1
    _check_structure(document)  # 2
    _check_issuer(document, profile)  # 3
    _check_contexts(document, vocabulary)  # 4
    vocabulary.jsonld.to_rdf(document)  # 5
    _check_records(document, profile)  # 6


def hashed(
    document: JsonObject, profile: SigningProfile, keys: KeyStore, vocabulary: Vocabulary, *, created: datetime
) -> Unsigned:
    """Step 7 of `secure`: all but the signature, of a document that may be signed."""
    options = ProofOptions(
        cryptosuite=profile.cryptosuite, verification_method=profile.verification_method, created=created
    )
    key = keys.public_key(profile.verification_method)
    return prepare(document, options, key, jsonld=vocabulary.jsonld, array=profile.proof_array)


def _check_unsecured(document: JsonObject) -> None:
    if "proof" in document:
        raise NotIssuableError(
            "the document has a proof already",
            code="issuance.secured",
            path="/proof",
            remedy="Sign the document as it was before its proof was added.",
        )


def _check_structure(document: JsonObject) -> None:
    for finding in (*check_credential(document), *check_learner_stated(document)):
        raise NotIssuableError(
            finding.message, code="issuance.malformed", path=finding.path, remedy="Correct it, then issue again."
        )


def _check_issuer(document: JsonObject, profile: SigningProfile) -> None:
    issuer = Credential(document).issuer
    if issuer != profile.issuer:
        raise IssuerMismatchError(
            f"the document names the issuer {shown(issuer)}, and the key belongs to {shown(profile.issuer)}",
            code="issuance.issuer",
            path="/issuer",
            remedy="Put the key's DID where the issuer stands, or sign with the key of the issuer that stands there.",
        )


def _check_records(document: JsonObject, profile: SigningProfile) -> None:
    named = named_records(Credential(document).evidence) if "evidence" in document else NO_RECORDS
    if named.malformed:
        raise NotIssuableError(
            f"{shown(named.malformed[0])} was to name a record on a chain, and no verifier would find it",
            code="issuance.record",
            path="/evidence",
            remedy="Write eip155:CHAIN:0xCONTRACT#0xNAMESPACE, with 40 and 64 digits of lower-case hexadecimal.",
        )
    if profile.cryptosuite == BBS and named.promising(Promise.ANCHOR):
        raise NotIssuableError(
            "it promises an anchor, and a credential whose showings cannot be linked has nothing to anchor",
            code="issuance.record",
            path="/evidence",
            remedy="Leave the entry out, or sign in another form, such as ecdsa-sd.",
        )


def _check_contexts(document: JsonObject, vocabulary: Vocabulary) -> None:
    for finding in check_contexts(document, vocabulary.contexts, pinned=vocabulary.pinned):
        raise NotIssuableError(
            finding.message,
            code="issuance.context",
            path=finding.path,
            remedy="Use the contexts of the document's types, in their order; pin others in your trust file.",
        )
