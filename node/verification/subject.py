"""What was handed over: one credential, a presentation of several, or neither.

Spec: https://www.w3.org/TR/vc-data-model-2.0/#verifiable-presentations
"""

from dataclasses import dataclass

from node.credentials.findings import Finding, indeterminate, wrong
from node.credentials.presentation import MAX_PRESENTED, DocumentKind, kind_of
from node.documents import JsonObject, JsonValue, pointer


@dataclass(frozen=True, slots=True)
class Part:
    """One candidate for a credential, and where it stands in what was handed over."""

    path: str
    value: JsonValue


@dataclass(frozen=True, slots=True)
class Subject:
    """What was found. Either there are parts, or a problem says why not."""

    presentation: JsonObject | None
    parts: tuple[Part, ...]
    problem: Finding | None = None


def read_subject(value: JsonValue) -> Subject:
    """The credentials in what was handed over.

    1. A presentation holds them in `verifiableCredential`: at least one, at most MAX_PRESENTED. What stands there is
       not searched further: a presentation inside a presentation is no credential.
    2. A credential is one. One that is enveloped, like an enveloped presentation, is one that cannot be opened.
    3. Nothing else is.
    """
    if not isinstance(value, dict):
        return _none("not_a_credential", "this is JSON, but neither a credential nor a presentation")
    match kind_of(value):
        case DocumentKind.PRESENTATION:  # 1.
            return _presented(value)
        case None:  # 3.
            return _none("not_a_credential", "its type does not make it a credential or a presentation, one of the two")
        case _:  # 2.
            return Subject(None, (Part("", value),))


def _presented(presentation: JsonObject) -> Subject:
    held, path = presentation.get("verifiableCredential"), pointer("verifiableCredential")
    if held is None or held == []:
        return _none("no_credential", "the presentation holds no credential")
    if not isinstance(held, list):
        return Subject(presentation, (Part(path, held),))
    if len(held) > MAX_PRESENTED:
        message = f"the presentation holds {len(held)} credentials; at most {MAX_PRESENTED} are read"
        remedy = "Ask for them in several presentations."
        return Subject(None, (), indeterminate("presentation.limit.credentials", path, message, remedy))
    return Subject(presentation, tuple(Part(path + pointer(index), part) for index, part in enumerate(held)))


def _none(code: str, message: str) -> Subject:
    return Subject(None, (), wrong(f"structure.{code}", "", message))
