"""What nobody has signed over an API: documents by which the node itself speaks for an organisation.

They are signed by the keys of its profiles, so whoever may have credentials issued could else say in its name which of
them are withdrawn, which hosts are its own, and what it has published.

1. A type counts however it is written: as a term, as an IRI, or with a prefix.
2. A list is one by its subject, too: there are readers that look at nothing else.
3. A head of a register has no type of its own, and is known by its form.
"""

import re
from collections.abc import Iterator
from typing import Final

from node.credentials.structure import objects_of, types_of
from node.documents import JsonObject
from node.issuance.errors import NotIssuableError
from node.status.entry import Generation
from node.verification.domain_linkage import TYPE as LINKAGE
from node.verification.register_form import is_head

_LISTS: Final = frozenset(name for generation in Generation for name in (generation.credential, generation.subject))
_SEPARATOR: Final = re.compile(r"[#/:]")


def check_reserved(credential: JsonObject) -> None:
    """Return where it is nothing that the node alone signs; else raise NotIssuableError."""
    types = frozenset(_types(credential))
    if not _LISTS.isdisjoint(types):
        raise _reserved(
            "a status list is signed by the node alone, as it is published",
            "Change the status of a credential by POST /credentials/status.",
        )
    if LINKAGE in types:
        raise _reserved(
            "that a host is an identifier's own is signed by the node alone, for its own host",
            "Have the identifier name the host: PUT /organisation/dids/{did}/services/{service}.",
        )
    if is_head(credential):
        raise _reserved(
            "it has the form of a register's head, which is signed by the node alone",
            "Say something of the subject, or leave out relatedResource.",
        )


def _types(credential: JsonObject) -> Iterator[str]:
    """The types of a credential and of its subjects, each by the name that its IRI ends with."""
    for one in (credential, *objects_of(credential, "credentialSubject")):
        for name in (*types_of(one), *types_of({"type": one.get("@type")})):
            yield _SEPARATOR.split(name)[-1]


def _reserved(message: str, remedy: str) -> NotIssuableError:
    return NotIssuableError(message, code="issuance.reserved", path="/credential/type", remedy=remedy)
