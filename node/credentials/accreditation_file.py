"""The file that says what a body accredits for, and the credential that is composed of it.

Its members are `id`, `issuer` and `name` as anywhere; `subject`, an identifier or an object of `id` and `name`;
`scopes`; `mayIssue` and `mayAccredit`; `namespaces`; `parent`; `validFrom` and `validUntil`.
"""

from dataclasses import replace
from typing import Final

from node.credentials.accreditation import (
    MAX_DEPTH,
    MAX_NAMESPACES,
    MAX_SCOPES,
    Accreditation,
    Parent,
    assemble_accreditation,
    digest_in,
)
from node.credentials.credential import check_credential
from node.credentials.draft import Draft, Fresh
from node.credentials.errors import AccreditationError, RecordNameError, ScopeError, shown
from node.credentials.record_name import RecordName
from node.credentials.scope import Scope
from node.credentials.structure import is_url
from node.documents import JsonObject, UnsecuredDocument, pointer

MEMBERS: Final = frozenset(
    {
        "id",
        "issuer",
        "mayAccredit",
        "mayIssue",
        "name",
        "namespaces",
        "parent",
        "scopes",
        "subject",
        "validFrom",
        "validUntil",
    }
)
_DID: Final = "did:"


def compose_accreditation(
    document: JsonObject, fresh: Fresh, parent: tuple[Accreditation, bytes] | None = None
) -> UnsecuredDocument:
    """The accreditation that a file describes, ready to be signed.

    `parent` is the one by which the body itself may accredit, with the digest of its signed bytes; then what is
    composed must fit under it. AccreditationError names everything in the file that keeps it from being composed.
    """
    draft = Draft(document, "accreditation")
    draft.only(MEMBERS)
    issuer, name = draft.issuer(fresh.issuer), draft.text("name")
    whom, whom_name = _subject(draft)
    accreditation = Accreditation(
        id=draft.text("id") or fresh.new_id(),
        body=str(issuer.get("id")),
        subject=whom,
        subject_name=whom_name,
        scopes=_scopes(draft),
        valid_from=draft.moment("validFrom") or fresh.now,
        valid_until=draft.moment("validUntil"),
        depth=_depth(draft),
        namespaces=_namespaces(draft),
        parent=_parent(draft, parent),
    )
    accreditation = replace(accreditation, may_issue=_may_issue(draft, accreditation.depth))
    if accreditation.valid_until is not None and accreditation.valid_until <= accreditation.valid_from:
        draft.refuse("period", "/validUntil", "it ends before it begins", "Give a later end, or an earlier begin.")
    if whom and whom == accreditation.body:
        draft.refuse("self", "/subject", "the body would accredit itself", "Give the identifier of somebody else.")
    if parent is not None and not draft.problems:
        _fit(draft, accreditation, parent[0])
    if draft.problems:
        raise AccreditationError(draft.problems)
    composed = assemble_accreditation(accreditation, issuer, name)
    if found := check_credential(composed):
        raise AccreditationError([replace(one, code=f"accreditation.{one.code}") for one in found])
    return composed


def _subject(draft: Draft) -> tuple[str, str | None]:
    given = draft.document.get("subject")
    whom, name = (given.get("id"), given.get("name")) if isinstance(given, dict) else (given, None)
    known = not isinstance(given, dict) or given.keys() <= {"id", "name"}
    if not isinstance(whom, str) or not whom.startswith(_DID) or not is_url(whom) or "#" in whom or not known:
        message, remedy = f"{shown(given)} is no DID of who is accredited", "Give the DID, or an object of id and name."
        draft.refuse("subject", "/subject", message, remedy)
        return "", None
    if name is not None and not (isinstance(name, str) and name.strip()):
        draft.refuse("text", "/subject/name", f"{shown(name)} is no text", "Write a text, or leave it out.")
        return whom, None
    return whom, name


def _scopes(draft: Draft) -> tuple[Scope, ...]:
    scopes: list[Scope] = []
    given = draft.document.get("scopes")
    if not isinstance(given, list) or not 0 < len(given) <= MAX_SCOPES:
        message = "it does not say what for"
        remedy = f"Give scopes, from one to {MAX_SCOPES}; an empty object stands for everything."
        draft.refuse("scopes", "/scopes", message, remedy)
        return ()
    for index, entry in enumerate(given):
        try:
            scope = Scope.read(entry, pointer("scopes", index))
        except ScopeError as error:
            draft.refuse("scope", error.path, str(error), error.remedy)
            continue
        if scope in scopes:
            draft.refuse("scope", pointer("scopes", index), "this scope is there twice", "Give it once.")
        scopes.append(scope)
    return tuple(scopes)


def _depth(draft: Draft) -> int:
    value = draft.document.get("mayAccredit", 0)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_DEPTH:
        message = f"{shown(value)} does not say how many accreditations may follow"
        draft.refuse("depth", "/mayAccredit", message, f"Give a number from 0, for none, to {MAX_DEPTH}.")
        return 0
    return value


def _may_issue(draft: Draft, depth: int) -> bool:
    value = draft.document.get("mayIssue", depth == 0)
    if not isinstance(value, bool) or not (value or depth):
        message = f"{shown(value)} would permit nothing, or is neither true nor false"
        draft.refuse("permission", "/mayIssue", message, "Permit to issue, to accredit, or both.")
        return True
    return value


def _namespaces(draft: Draft) -> tuple[RecordName, ...]:
    given = draft.document.get("namespaces", [])
    listed = given if isinstance(given, list) else [given]
    found: list[RecordName] = []
    for index, text in enumerate(listed):
        try:
            name = RecordName.parse(text if isinstance(text, str) else "")
        except RecordNameError as error:
            draft.refuse("namespace", pointer("namespaces", index), str(error), error.remedy)
            continue
        found.append(name.record)
    if len(listed) > MAX_NAMESPACES:
        draft.refuse("limit", "/namespaces", f"there are {len(listed)}", f"Give at most {MAX_NAMESPACES}.")
    return tuple(dict.fromkeys(found))


def _parent(draft: Draft, known: tuple[Accreditation, bytes] | None) -> Parent | None:
    given = draft.document.get("parent")
    if given is None:
        return None if known is None else Parent(known[0].id, known[1])
    stated = given if isinstance(given, dict) else {}
    identifier, digest = stated.get("id"), digest_in(stated.get("digestMultibase"))
    if not isinstance(identifier, str) or not is_url(identifier) or digest is None or len(stated) != len(_PARENT):
        message, remedy = f"{shown(given)} names no accreditation", "Give its id, and the digestMultibase of its bytes."
        draft.refuse("parent", "/parent", message, remedy)
        return None
    parent = Parent(identifier, digest)
    if known is not None and parent != Parent(known[0].id, known[1]):
        draft.refuse("parent", "/parent", "it is not the accreditation that was handed over", "Leave it out.")
    return parent


_PARENT: Final = ("id", "digestMultibase")


def _fit(draft: Draft, accreditation: Accreditation, parent: Accreditation) -> None:
    """That it fits under its parent: one that does not would never count."""
    if parent.subject != accreditation.body:
        message = f"the parent accredits {shown(parent.subject)}, and not who signs this"
        draft.refuse("parent", "/parent", message, "Give the accreditation of the body that signs.")
    if accreditation.depth >= parent.depth:
        message = f"the parent permits {parent.depth} accreditations below it, this one among them"
        draft.refuse("depth", "/mayAccredit", message, "Permit fewer, or have the parent permit more.")
    for index, scope in enumerate(accreditation.scopes):
        if not any(wider.covers(scope) for wider in parent.scopes):
            message, remedy = "it is for more than the parent is for", "Narrow it to a scope of the parent."
            draft.refuse("scope", pointer("scopes", index), message, remedy)
