"""Proof configuration and hashing: the bytes that a Data Integrity signature covers.

For every suite: the hash of the proof configuration (the proof without its signature), then the hash of the document
without its proofs but with those that this proof names by previousProof.

Spec: https://www.w3.org/TR/vc-di-eddsa/#hashing-eddsa-rdfc-2022, https://www.w3.org/TR/vc-di-ecdsa/#hashing-ecdsa-jcs-2019
"""

import hashlib
from types import MappingProxyType
from typing import Final

from node.documents import JsonObject, JsonValue, pointer
from node.proofs.canonicalize.jcs import jcs
from node.proofs.cryptosuites import Cryptosuite
from node.proofs.cryptosuites.transformation import RDFC
from node.proofs.errors import BudgetExceededError, InvalidProofError, JsonLdError, MalformedProofError
from node.proofs.jsonld import JsonLd
from node.proofs.proof import Proof
from node.proofs.signatures import HashName
from node.proofs.templates.recurring import Recurring

_HASHES: Final = MappingProxyType({"sha256": hashlib.sha256, "sha384": hashlib.sha384})


class DocumentHashes:
    """The hashes of one document without its proofs, each computed once however many of its proofs need it.

    The document must not change while this is in use. With `recurring`, RDF is canonicalized as in documents like this
    one before; what comes out is the same.
    """

    __slots__ = ("_document", "_jsonld", "_known", "_over_budget", "_recurring")

    def __init__(self, document: JsonObject, *, jsonld: JsonLd, recurring: Recurring | None = None) -> None:
        self._document = {name: value for name, value in document.items() if name != "proof"}
        self._jsonld = jsonld
        self._recurring = recurring
        self._known: dict[tuple[str, HashName, tuple[str | None, ...]], bytes] = {}
        self._over_budget: dict[str, BudgetExceededError] = {}

    def hash_data(self, proof: Proof, suite: Cryptosuite, hash_name: HashName) -> bytes:
        """The hash of the proof's configuration, then that of the document as this proof sees it."""
        # A document that costs too much costs so once, and not for each of its proofs.
        if suite.transformation.name in self._over_budget:
            raise self._over_budget[suite.transformation.name]
        try:
            # The document first: an unknown context or an undefined term is then reported where it stands.
            document_hash = self._document_hash(proof, suite, hash_name)
        except BudgetExceededError as error:
            self._over_budget[suite.transformation.name] = error
            raise
        return self.configuration_hash(proof, suite, hash_name) + document_hash

    def appended_contexts(self, proof: Proof, suite: Cryptosuite) -> tuple[JsonValue, ...]:
        """The document's contexts beyond those that the proof carries.

        The document's contexts must begin with the proof's, in order; for RDF the two must be the same, because
        there the proof's own are not signed. Raises InvalidProofError or MalformedProofError otherwise.

        Spec: https://www.w3.org/TR/vc-di-eddsa/#verify-proof-eddsa-jcs-2022, step 4
        """
        if "@context" not in proof.raw:
            return ()
        here, there = _contexts(self._document.get("@context", [])), _contexts(proof.raw["@context"])
        # Compared as JSON: Python takes 1 for true and 1.0 for 1.
        begins = jcs(here[: len(there)]) == jcs(there)
        path = proof.path + pointer("@context")
        if not suite.transformation.carries_context and not (begins and len(here) == len(there)):
            raise MalformedProofError(
                "the proof carries other contexts than the document, and its suite does not sign them",
                code="proof.malformed.context",
                path=path,
            )
        if not begins:
            raise InvalidProofError(
                "the document's contexts do not begin with those that the proof was made under",
                code="proof.invalid.context",
                path=path,
            )
        return tuple(here[len(there) :])

    def _document_hash(self, proof: Proof, suite: Cryptosuite, hash_name: HashName) -> bytes:
        own_context = suite.transformation.carries_context and "@context" in proof.raw
        key = (suite.transformation.name, hash_name, tuple(previous.id for previous in proof.previous))
        if not own_context and key in self._known:
            return self._known[key]
        document = {**self._document, "@context": proof.raw["@context"]} if own_context else self._document
        if proof.previous:
            document = {**document, "proof": [previous.raw for previous in proof.previous]}
        digest = _HASHES[hash_name](self._canonical(document, suite, hash_name)).digest()
        if not own_context:
            self._known[key] = digest
        return digest

    def configuration_hash(self, proof: Proof, suite: Cryptosuite, hash_name: HashName) -> bytes:
        """The hash of the proof without its signature, under the contexts of the document."""
        configuration = {name: value for name, value in proof.raw.items() if name != suite.serialization.member}
        if not suite.transformation.carries_context and "@context" in self._document:
            configuration["@context"] = self._document["@context"]
        try:
            canonical = self._canonical(configuration, suite, hash_name)
        except JsonLdError as error:
            error.path = proof.path + error.path
            raise
        return _HASHES[hash_name](canonical).digest()

    def _canonical(self, document: JsonObject, suite: Cryptosuite, hash_name: HashName) -> bytes:
        if self._recurring is not None and suite.transformation is RDFC:
            return self._recurring.canonical(document, hash_name)
        return suite.transformation.canonical(document, self._jsonld, hash_name)


def _contexts(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else [value]
