"""Status lists that come again: one list is looked up for each of the many credentials that point into it.

What is remembered follows from the text of the list, to the letter, and from nothing else: what it says, and how it is
built. That a signature holds follows from the text, the key and the terms, and is remembered under all three. Whose key
that is, whether it counts at the time that is asked about, and whether the list does, is judged each time anew. Of
signatures only those that hold are remembered.
"""

from collections.abc import Mapping
from functools import cached_property, lru_cache
from typing import Final

from node.credentials.objects import Objects
from node.documents import JsonObject
from node.proofs.data_integrity import ProofResult, verify_proofs
from node.proofs.errors import ProofsError
from node.proofs.jose.algorithms import VerificationKey
from node.proofs.jsonld import JsonLd
from node.proofs.proof import Proof
from node.proofs.securing import SecuringProof
from node.status.status_list import StatusList, read_status_list
from node.verification.check import Check
from node.verification.checks.structure import check_structure
from node.verification.received import Received, read_text
from node.verification.vocabulary import Vocabulary

MAX_LISTS: Final = 16
"""Lists that are remembered: those of the issuers of the hour."""
MAX_CHARS: Final = 64 * 1024
"""Of a list that is remembered: the usual one has 22,000 at most, with its proof; it unpacks to 1 MB at most."""
MAX_SIGNED: Final = 4
"""Signatures on one list that are remembered: by one key in the terms of one verifier, as a rule."""

type _Held = tuple[tuple[ProofResult, ...], JsonObject, JsonLd]


class ReadList:
    """The text of a list, read; raises DocumentError for what is no document."""

    def __init__(self, text: str) -> None:
        self.received: Final[Received] = read_text(text)
        self._content: tuple[JsonObject, StatusList] | None = None
        self._objects: Objects | None = None
        self._signed: dict[tuple[tuple[str, VerificationKey], ...], _Held] = {}

    @cached_property
    def structure(self) -> tuple[Check, tuple[SecuringProof, ...]]:
        """How it is built, and its proofs."""
        return check_structure(self.received)

    def objects(self, document: JsonObject) -> Objects:
        """Those of the document in it."""
        if self._objects is None or self._objects.document is not document:
            self._objects = Objects(document)
        return self._objects

    def content(self, document: JsonObject) -> StatusList:
        """What it says, as this is the document in it; raises StatusError."""
        if self._content is None or self._content[0] is not document:
            self._content = (document, read_status_list(document))
        return self._content[1]

    def verified(
        self,
        document: JsonObject,
        proofs: tuple[Proof, ...],
        keys: Mapping[str, VerificationKey],
        vocabulary: Vocabulary,
    ) -> tuple[ProofResult, ...]:
        """What `verify_proofs` says of the document in it, which is one object as long as this is remembered."""
        name = tuple(keys.items())
        known = self._signed.get(name)
        if known is not None and known[1] is document and known[2] is vocabulary.jsonld and _are(known[0], proofs):
            return known[0]
        found = verify_proofs(document, proofs, keys, jsonld=vocabulary.jsonld, recurring=vocabulary.recurring)
        if not any(isinstance(result.outcome, ProofsError) for result in found):
            if len(self._signed) >= MAX_SIGNED:
                self._signed.clear()
            self._signed[name] = (found, document, vocabulary.jsonld)
        return found


def _are(results: tuple[ProofResult, ...], proofs: tuple[Proof, ...]) -> bool:
    return len(results) == len(proofs) and all(
        result.proof is proof for result, proof in zip(results, proofs, strict=True)
    )


def read_list(text: str) -> ReadList:
    """The list, as it was read the last time where that is remembered; raises DocumentError."""
    return _remembered(text) if len(text) <= MAX_CHARS else ReadList(text)


_remembered = lru_cache(maxsize=MAX_LISTS)(ReadList)
