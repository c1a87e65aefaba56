"""What a document says of things outside it: the schemas it follows, the resources whose bytes it pins.

None of it is part of what was signed to be true; it stands beside the signature, as evidence of the check `structure`,
and a policy says whether it counts. The schema of Open Badges is known here. Anything else is looked at only where the
document pins its bytes by a digest, and only after its signature was found to hold; contexts are never fetched.

Spec: https://www.w3.org/TR/vc-data-model-2.0/#integrity-of-related-resources,
https://www.w3.org/TR/vc-data-model-2.0/#data-schemas
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from node.credentials.contexts import bundle_index
from node.credentials.credential import MAX_SCHEMAS, Credential
from node.credentials.errors import shown
from node.credentials.schemas.errors_found import SchemaError
from node.credentials.schemas.open_badges import is_published, judge_form
from node.credentials.structure import types_of
from node.documents import JsonObject, JsonValue, pointer
from node.verification.case import Case
from node.verification.check import Check, Outcome
from node.verification.digests import Digests, digests_of
from node.verification.foreign_schema import UnjudgedSchemaError, judge_by
from node.verification.material import ResourceCopy
from node.verification.policy import Policy
from node.verification.vocabulary import Vocabulary

MAX_RESOURCES: Final = 16
"""Related resources of one credential: its contexts, a picture, some evidence."""
SCHEMA_TYPES: Final = frozenset({"JsonSchema", "1EdTechJsonSchemaValidator2019"})
"""Kinds of schemas that say what a JSON Schema is; another kind is not judged."""
ABSENT: Final = "absent"
BEST_FIRST: Final = (Outcome.PASSED, Outcome.INDETERMINATE, Outcome.FAILED)
_REMEDIES: Final = {
    "failed": "Ask the issuer for a document that keeps to its schema; who signed it is another question.",
    "differs": "Ask the issuer which of the two is meant; what is there now is not what was signed.",
    "absent": "Check again with a network, or hand over what lies there.",
}
_ASK: Final = "Ask the issuer for a document without it, if you have to know."

type Copies = Sequence[ResourceCopy]
"""The copies that the material has of what lies at addresses."""


@dataclass(frozen=True, slots=True)
class Linked:
    """One thing outside the document, and what became of it."""

    kind: str
    """`schema` or `resource`, which the code begins with."""
    id: str | None
    path: str
    outcome: Outcome
    why: str
    message: str
    form: str | None = None
    errors: tuple[SchemaError, ...] = ()

    @property
    def code(self) -> str:
        """The stable code."""
        return f"{self.kind}.{self.why}"

    def to_json(self) -> JsonObject:
        """The finding as the evidence of `structure` lists it."""
        found: JsonObject = {
            "id": self.id,
            "path": self.path,
            "outcome": self.outcome.value,
            "code": self.code,
            "message": self.message,
        }
        if self.form is not None:
            found["form"] = self.form
        if self.errors:
            found["errors"] = [error.to_json() for error in self.errors]
        return found


def with_linked(structure: Check, case: Case, copies: Copies) -> Check:
    """The check `structure`, which passed, with what is known of schemas and resources.

    Where the policy wants them to hold and one does not, that is how the check ends.
    """
    credential = case.credential
    schemas, resources = list(_schemas(credential, copies)), list(_resources(credential, copies, case.vocabulary))
    return weighed(structure, schemas, resources, case.policy)


def weighed(structure: Check, schemas: Sequence[Linked], resources: Sequence[Linked], policy: Policy) -> Check:
    """The check `structure`, which passed, with these findings in its evidence; the policy says which of them count."""
    if not schemas and not resources:
        return structure
    evidence: JsonObject = {}
    if schemas:
        evidence["schemas"] = [found.to_json() for found in schemas]
    if resources:
        evidence["resources"] = [found.to_json() for found in resources]
    wanted = [*(schemas if policy.schema_required else ()), *(resources if policy.resources_required else ())]
    for outcome in (Outcome.FAILED, Outcome.INDETERMINATE):
        for found in wanted:
            if found.outcome is outcome:
                message = f"{found.message} {_REMEDIES.get(found.why, _ASK)}"
                whole: JsonObject = {"path": found.path, **evidence}
                return replace(structure, outcome=outcome, code=found.code, message=message, evidence=whole)
    return Check(structure.name, structure.outcome, structure.code, structure.message, evidence)


def _schemas(credential: Credential, copies: Copies) -> Iterator[Linked]:
    """The schema of the document's type, then those that it names.

    One that it names by the address of the published schema is the one of its type, unless it pins other bytes.
    """
    document, path = credential.document, credential.path
    by_type = judge_form(document)
    if by_type is not None:
        keeps = by_type.form is not None
        outcome, why = (Outcome.PASSED, "passed") if keeps else (Outcome.FAILED, "failed")
        said = "It keeps to the schema of its type." if keeps else "It does not keep to the schema of its type."
        form = by_type.form.value if by_type.form is not None else None
        errors = tuple([replace(error, path=path + error.path) for error in by_type.errors])
        yield Linked("schema", by_type.schema, path, outcome, why, said, form, errors)
    for index, entry in enumerate(credential.schemas[:MAX_SCHEMAS] if "credentialSchema" in document else ()):
        place = f"{path}/credentialSchema"
        place = place + pointer(index) if isinstance(document["credentialSchema"], list) else place
        name = _address(entry)
        if digests_of(entry) or by_type is None or name is None or not is_published(name):
            yield _named_schema(document, entry, Linked("schema", name, place, *_UNPINNED), copies)


_UNPINNED: Final = (Outcome.INDETERMINATE, "unpinned", "No digest says which schema is meant, so it was not looked at.")


def _named_schema(document: JsonObject, entry: JsonObject, unpinned: Linked, copies: Copies) -> Linked:
    digests = digests_of(entry)
    if not digests:
        return unpinned
    if SCHEMA_TYPES.isdisjoint(types_of(entry)):
        message = f"Schemas of the type {shown(entry.get('type'))} are not judged here."
        return replace(unpinned, why="unsupported", message=message)
    found, content = _compared(unpinned, digests, copies)
    if content is None:
        return found
    try:
        by_type = judge_form(document) if is_published(found.id or "") else None
        errors = judge_by(content, document) if by_type is None else by_type.errors
    except UnjudgedSchemaError as error:
        return replace(found, outcome=Outcome.INDETERMINATE, why="unsupported", message=_sentence(str(error)))
    if not errors:
        return replace(found, message="It keeps to the schema that it names.")
    message = "It does not keep to the schema that it names."
    return replace(found, outcome=Outcome.FAILED, why="failed", message=message, errors=errors)


def _resources(credential: Credential, copies: Copies, known: Vocabulary) -> Iterator[Linked]:
    if "relatedResource" not in credential.document:
        return
    several = isinstance(credential.document["relatedResource"], list)
    for index, entry in enumerate(credential.related_resources):
        place = f"{credential.path}/relatedResource" + (pointer(index) if several else "")
        name, digests = _address(entry), digests_of(entry)
        found = Linked("resource", name, place, Outcome.INDETERMINATE, "", "")
        if index >= MAX_RESOURCES:
            message = f"Of more than {MAX_RESOURCES} resources the others are not looked at."
            yield replace(found, why="limit", message=message)
            return
        yield _context(found, digests) if name in known.contexts else _compared(found, digests, copies)[0]


def _context(found: Linked, digests: Digests) -> Linked:
    """A context is known by its content, and by the digests of the bytes at its address where those were recorded."""
    bundled = bundle_index().get(found.id or "")
    published = frozenset(map(bytes.fromhex, bundled.published_sha256 if bundled else ()))
    outcome = digests.match_sha256(published) if published else Outcome.INDETERMINATE
    return _told(found, outcome)


def _compared(found: Linked, digests: Digests, copies: Copies) -> tuple[Linked, bytes | None]:
    """What the copies of a resource say, and the bytes of one that is what was pinned.

    One copy that is right shows that the resource can still be had; that another is wrong says nothing about it.
    """
    if not digests.groups:
        return _told(found, Outcome.INDETERMINATE), None
    held = [(digests.match(copy.content), copy.content) for copy in copies if copy.url == found.id]
    if not held:
        return replace(found, outcome=Outcome.INDETERMINATE, why=ABSENT, message="What lies there was not had."), None
    outcome, content = min(held, key=lambda pair: BEST_FIRST.index(pair[0]))
    return _told(found, outcome), content if outcome is Outcome.PASSED else None


def _told(found: Linked, outcome: Outcome) -> Linked:
    why, message = {
        Outcome.PASSED: ("passed", "It is what was pinned."),
        Outcome.FAILED: ("differs", "What lies there is not what was pinned."),
    }.get(outcome, ("digest", "Its digest cannot be compared here."))
    return replace(found, outcome=outcome, why=why, message=message)


def _address(entry: JsonObject) -> str | None:
    name = entry.get("id")
    return name if isinstance(name, str) else None


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def unread(value: JsonValue) -> list[str]:
    """The addresses in the evidence of a check whose content the material has not."""
    found = value if isinstance(value, list) else []
    return [
        str(entry["id"])
        for entry in found
        if isinstance(entry, dict) and str(entry.get("code")).endswith(f".{ABSENT}") and entry.get("id")
    ]
