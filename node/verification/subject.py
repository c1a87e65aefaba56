"""What was handed over: one credential, several, a presentation of them, or neither.

Spec: https://www.w3.org/TR/vc-data-model-2.0/#verifiable-presentations
"""

from dataclasses import dataclass
from typing import Final

from node.credentials.findings import Finding, indeterminate, wrong
from node.credentials.open_badges_2.objects import on_the_web
from node.credentials.presentation import MAX_PRESENTED, DocumentKind, kind_of
from node.credentials.records import held_in, is_record
from node.documents import JsonValue, pointer
from node.verification.received import Received, may_be_token, receive

HELD: Final = "verifiableCredential"


@dataclass(frozen=True, slots=True)
class Subject:
    """What was found. Either there are parts, candidates for credentials, or a problem says why not."""

    presentation: Received | None
    parts: tuple[Received, ...]
    problem: Finding | None = None


type Handed = JsonValue | Subject
"""What was handed over, as it came or as it was read."""


def read_subject(value: Handed) -> Subject:
    """The credentials in what was handed over.

    1. A list holds credentials, each as it could be handed over alone, at most MAX_PRESENTED.
    2. A presentation, in an envelope or not, holds them in `verifiableCredential`: at least one, at most MAX_PRESENTED.
       A token stands there in an envelope of the data model, never bare.
    3. A credential is one, in an envelope or not; so is an envelope that cannot be opened, a badge of Open Badges 2,
       and an SD-JWT VC.
    4. Nothing else is. What was found in a list or presentation is not searched further: a presentation in there is no
       credential.

    What was read already is told as it is.
    """
    return value if isinstance(value, Subject) else _read(value)


def _read(value: JsonValue) -> Subject:
    if isinstance(value, list):  # 1.
        return _several(None, value, "", "list")
    if not isinstance(value, dict) and not (
        isinstance(value, str) and (may_be_token(value) or on_the_web(value))
    ):  # 4.
        return _none("not_a_credential", "this is JSON, but neither a credential nor a presentation")
    received = receive(value)
    if received.badge is not None or received.typed or (received.problems and received.envelope is None):  # 3.
        return Subject(None, (received,))
    match kind_of(received.value) if isinstance(received.value, dict) else None:
        case DocumentKind.PRESENTATION:  # 2.
            return _presented(received)
        case None:  # 4.
            return _none("not_a_credential", "its type does not make it a credential or a presentation, one of the two")
        case _:  # 3.
            return _expanded(Subject(None, (received,)), "record")


def _presented(presentation: Received) -> Subject:
    value, path = presentation.value, pointer(HELD)
    held = value.get(HELD) if isinstance(value, dict) else None
    if held is None or held == []:
        none = wrong("structure.no_credential", "", "the presentation holds no credential")
        return Subject(presentation, (), none)  # who has signed it may be asked all the same
    if not isinstance(held, list):
        return _expanded(Subject(presentation, (_inside(held, path),)), "presentation")
    return _several(presentation, held, path, "presentation")


def _several(presentation: Received | None, held: list[JsonValue], path: str, holder: str) -> Subject:
    if not held:
        return _none("no_credential", f"the {holder} holds no credential")
    if len(held) > MAX_PRESENTED:
        return _too_many(path, f"the {holder} holds {len(held)} credentials")
    read = receive if presentation is None else _inside
    parts = tuple([read(part, path + pointer(index)) for index, part in enumerate(held)])
    return _expanded(Subject(presentation, parts), holder)


def _expanded(found: Subject, holder: str) -> Subject:
    """The same with what the records among the parts hold, each behind its record.  5."""
    parts: list[Received] = []
    pending = [*reversed(found.parts)]
    while pending:
        part = pending.pop()
        parts.append(part)
        if isinstance(part.value, dict) and not part.typed and is_record(part.value):
            held = [_inside(value, path) for value, path in held_in(part.value, part.path)]
            pending += reversed(held)
        if len(parts) + len(pending) > MAX_PRESENTED:
            return _too_many("", f"the {holder} holds more than {MAX_PRESENTED} credentials, those in records counted")
    return found if len(parts) == len(found.parts) else Subject(found.presentation, tuple(parts))


def _too_many(path: str, message: str) -> Subject:
    message = f"{message}; at most {MAX_PRESENTED} are read"
    remedy = "Ask for them in several presentations."
    return Subject(None, (), indeterminate("presentation.limit.credentials", path, message, remedy))


def _inside(value: JsonValue, path: str) -> Received:
    """What stands inside a presentation, where a bare text is nothing, and a badge of Open Badges 2 has no place."""
    if isinstance(value, str):
        return Received(path, value)
    received = receive(value, path)
    return received if received.badge is None else Received(path, value)


def _none(code: str, message: str) -> Subject:
    return Subject(None, (), wrong(f"structure.{code}", "", message))
