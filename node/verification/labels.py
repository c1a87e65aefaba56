"""The signed labels among what was handed over, and which of them are about a document.

A label is a credential like any other, and is judged as one. Beside that, it is compared with the document that it is
about. Whose word it is decides whether it counts: anybody can sign a label, and a wrong one would put a genuine
document in doubt. So only those of the document's own issuer count, and of issuers on a list of the verifier.
"""

from collections.abc import Iterable

from node.credentials.micro_credential.label import CREDENTIAL_TYPE, document_digest, is_about
from node.credentials.structure import types_of
from node.documents import JsonObject
from node.verification.checks.validity import check_validity
from node.verification.keys import KeyRing
from node.verification.received import Received
from node.verification.statement import Statement, read_statement
from node.verification.trust import Trust
from node.verification.vocabulary import Vocabulary


def is_label(received: Received) -> bool:
    """Whether something says that it is a label."""
    return isinstance(received.value, dict) and CREDENTIAL_TYPE in types_of(received.value)


class Labels:
    """The labels of one verification, each read once."""

    __slots__ = ("_read",)

    def __init__(self, candidates: Iterable[Received], ring: KeyRing, vocabulary: Vocabulary) -> None:
        """Keep the labels that are signed by whom they name, in known terms, and in force."""
        self._read: list[Statement] = []
        for received in candidates:
            if is_label(received):
                statement = read_statement(received, ring, vocabulary)
                if isinstance(statement, Statement) and check_validity(statement.case, statement.proofs).passed:
                    self._read.append(statement)

    def about(self, received: Received, issuer: str | None, trust: Trust) -> tuple[JsonObject, ...]:
        """The labels about a document that count."""
        if not self._read or not isinstance(received.value, dict):
            return ()
        digest, identifier = document_digest(received.whole), received.value.get("id")
        return tuple(
            label.document
            for label in (statement.credential for statement in self._read)
            if label.document is not received.value
            and (label.issuer == issuer or any(label.issuer in listed.issuers for listed in trust.lists))
            and is_about(label.document, digest, identifier)
        )
