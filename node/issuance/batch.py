"""Many credentials at once: signed by templates where these are certain, one by one where they are not.

1. The document is written as JSON, and the template found that it was made by.
2. The template says what is canonical for it; the rules that look at values are asked.
3. Options and document are hashed, the key signs.
4. A document that no template is certain of goes the general way of `secure`, and the shape of it is learned.
5. The first credential of each template, the last of all, and some between, drawn at random, are verified the general
   way before they leave. One that does not hold stops the batch.

What comes out is the same, byte for byte, whichever way it went.

Spec: https://www.w3.org/TR/vc-data-integrity/#add-proof
"""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

import orjson

from node.credentials.errors import CredentialsError
from node.documents import (
    MAX_CREDENTIAL_BYTES,
    MAX_PRESENTATION_BYTES,
    DocumentError,
    JsonObject,
    UnsecuredDocument,
    parse_object,
)
from node.issuance.conditions import Conditions, is_fixed
from node.issuance.disclosable import DISCLOSABLE
from node.issuance.errors import IssuanceError, TemplateError
from node.issuance.secure import Signing, check_issuable, hashed, secure
from node.proofs.canonicalize.jcs import jcs
from node.proofs.commitment import commit
from node.proofs.cryptosuites.transformation import JCS, RDFC
from node.proofs.data_integrity import verify_proof
from node.proofs.errors import ProofsError
from node.proofs.proof import proofs_of
from node.proofs.signatures import normalized_signature
from node.proofs.templates.holes import Place, UnfitError
from node.proofs.templates.passage import Values
from node.proofs.templates.shapes import Shapes
from node.proofs.templates.template import Template
from node.verification.vocabulary import Vocabulary, vocabulary

USUAL_SHARE: Final = 0.0025
"""Of the credentials verified before they leave. Verifying one costs as much as issuing ten or more."""

_HASHES: Final = MappingProxyType({"sha256": hashlib.sha256, "sha384": hashlib.sha384})


type Commit = Callable[[JsonObject, bytes], bytes]
"""What is anchored for a document that was just signed; raises NotAnchorableError where that is nothing."""
type Admit = Callable[[JsonObject], None]
"""Raises for a document that shall not be signed. It may look at what all documents of one shape have alike."""


def admit_all(_document: JsonObject) -> None:
    """No rules beyond those of signing."""


@dataclass(slots=True)
class Tally:
    """How the credentials of a batch came about."""

    templated: int = 0
    general: int = 0
    """One by one: the first of each shape, and those of which no template is certain."""
    verified: int = 0


class Batch:
    """One issuer's signing of many credentials, all made at one moment.

    `admit` judges documents beyond what signing demands; of those that one template fits, it sees one. `share` of them
    are verified before they leave, each as likely as the other. `commitment` says what is anchored for one.
    """

    def __init__(
        self,
        signing: Signing,
        *,
        created: datetime,
        admit: Admit = admit_all,
        share: float = USUAL_SHARE,
        commitment: Commit | None = None,
    ) -> None:
        self.tally = Tally()
        self._signing = signing
        self._vocabulary = vocabulary(signing.trust.contexts)
        self._created = created
        self._admit = admit
        self._share = share
        self._commitment = commitment
        self._until_next = self._gap()
        self._shapes = Shapes(self._form, is_fixed)
        self._forms: list[_Form] = []
        self._last: tuple[JsonObject, bytes] | None = None

    async def issue(self, document: UnsecuredDocument) -> bytes:
        """The credential with its proof, as JSON without white space.

        Raises what `secure` raises for the document, and TemplateError where the batch must stop.
        """
        return (await self.issue_anchorable(document))[0]

    async def issue_anchorable(self, document: UnsecuredDocument) -> tuple[bytes, bytes | None]:
        """The credential, and what is anchored for it, where that was asked for.

        Several may be under way at one time: nothing is shared between them while the key is waited for.
        """
        try:
            text = orjson.dumps(document)
        except TypeError:  # no JSON: `secure` says why
            return await self._generally(document)
        for number, form in enumerate(self._forms):
            values = form.values(text, document)  # 1.
            if values is not None:
                if number:  # mostly the next document is like this one
                    self._forms.insert(0, self._forms.pop(number))
                return await self._by(form, values, text, document)
        return await self._generally(document)  # 4.

    def finish(self) -> None:
        """Verify the last credential; what was issued must not leave before this."""
        if self._last is not None:
            self._verify(*self._last)
        self._last = None

    async def _by(self, form: "_Form", values: Values, text: bytes, document: JsonObject) -> tuple[bytes, bytes | None]:
        hash_data = form.hash_data(values, document)  # 2. and 3.
        signed = await self._signing.keys.sign(self._signing.profile.verification_method, hash_data)
        signature = form.normalized(signed)
        secured = form.secured(text, signature)
        self.tally.templated += 1
        self._until_next -= 1
        if form.unproven or self._until_next < 0:  # 5.
            form.unproven = False
            self._until_next = self._gap()
            self._verify(document, secured)
            self._last = None
        else:
            self._last = document, secured
        return secured, None if self._commitment is None else commit(form.name, hash_data, signature)

    async def _generally(self, document: UnsecuredDocument) -> tuple[bytes, bytes | None]:
        self._admit(document)
        profile, keys = self._signing.profile, self._signing.keys
        secured = await secure(document, profile, keys, self._vocabulary, created=self._created)
        self.tally.general += 1
        # A base proof has signatures and names of its own throughout: there is nothing that a template could keep.
        if profile.cryptosuite not in DISCLOSABLE and self._shapes.learn(document) is not None:
            self._forms = self._shapes.templates
        text = orjson.dumps(secured)
        return text, None if self._commitment is None else self._commitment(document, text)

    def _form(self, document: JsonObject, places: tuple[Place, ...]) -> "_Form":
        return _Form(document, places, self._signing, self._vocabulary, self._created)

    def _gap(self) -> int:
        """After how many credentials the next one is verified: any number up to twice the mean."""
        return secrets.randbelow(max(1, round(2 / self._share) - 1)) if self._share else 2**62

    def _verify(self, document: JsonObject, secured: bytes) -> None:
        """That the general way finds nothing wrong with a credential made by a template; raises TemplateError."""
        profile, keys = self._signing.profile, self._signing.keys
        try:
            read = parse_object(secured, max_bytes=MAX_PRESENTATION_BYTES)
            (proof,) = proofs_of(read)
            stated = {name: value for name, value in read.items() if name != "proof"}
            check_issuable(stated, profile, self._vocabulary)
            self._admit(stated)
            verify_proof(read, proof, keys.public_key(profile.verification_method), jsonld=self._vocabulary.jsonld)
        except (DocumentError, CredentialsError, IssuanceError, ProofsError) as error:
            raise TemplateError(f"a credential made by a template does not hold: {error}") from error
        if orjson.dumps(stated) != orjson.dumps(document):
            raise TemplateError("a credential made by a template says something else than was to be signed")
        self.tally.verified += 1


class _Form:
    """A template with what signing adds: the rules for values, and the part of the proof that is the same for all."""

    __slots__ = (
        "_conditions",
        "_digest",
        "_encode",
        "_head",
        "_key",
        "_options",
        "_rdf",
        "_tail",
        "_template",
        "name",
        "unproven",
    )

    def __init__(
        self,
        document: JsonObject,
        places: tuple[Place, ...],
        signing: Signing,
        vocabulary: Vocabulary,
        created: datetime,
    ) -> None:
        unsigned = hashed(document, signing.profile, signing.keys, vocabulary, created=created)
        encode = unsigned.suite.serialization.encode
        if encode is None or unsigned.suite.transformation not in {RDFC, JCS}:
            raise UnfitError
        self._template = Template.of(document, places, vocabulary.jsonld, unsigned.hash_name)
        self._conditions = Conditions(document, self._template.holes)
        self._rdf = unsigned.suite.transformation is RDFC
        self._digest = _HASHES[unsigned.hash_name]
        self._options = unsigned.hash_data[: self._digest().digest_size]
        self._key, self._encode = unsigned.key, encode
        self.name = unsigned.suite.name
        opening = b"[" if unsigned.array else b""
        proof = orjson.dumps(unsigned.proof | {unsigned.suite.serialization.member: ""})
        self._head = b',"proof":' + opening + proof[:-2]
        self._tail = b'"}]}' if unsigned.array else b'"}}'
        self.unproven = True

    def values(self, text: bytes, document: JsonObject) -> Values | None:
        """The values of the document's holes; None where the template is not certain of it."""
        values = self._template.values(text)
        if values is None or len(text) > MAX_CREDENTIAL_BYTES or not self._conditions.hold(values, document):
            return None
        return values

    def hash_data(self, values: Values, document: JsonObject) -> bytes:
        """What is signed."""
        canonical = self._template.canonical(values) if self._rdf else jcs(document)
        return self._options + self._digest(canonical).digest()

    def normalized(self, signature: bytes) -> bytes:
        """The signature as it stands in the proof."""
        return normalized_signature(self._key, signature)

    def secured(self, text: bytes, signature: bytes) -> bytes:
        """The credential as JSON."""
        value = self._encode(signature)
        return b"".join((text[:-1], self._head, value.encode(), self._tail))
