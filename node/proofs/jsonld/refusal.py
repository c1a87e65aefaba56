"""Why a document is refused, on its way from the place where it shows to the caller who gets the path.

The reader goes fast and keeps no path. A refusal collects it on the way out: each level it passes adds its own step.
"""

from typing import Final

import orjson

from node.documents import JsonValue, pointer
from node.proofs.errors import (
    MAX_SHOWN_CHARS,
    BudgetExceededError,
    ContextInvalidError,
    DataLossError,
    JsonLdError,
    ProofsError,
    UnknownContextError,
    UnsupportedProofError,
    shown,
)
from node.proofs.jsonld.limits import MAX_DEPTH

_RESIGN: Final = "and sign the document again."

_LOSSES: Final = {
    "context.undefined_term": f"Define the term in a context of the document, or leave it out, {_RESIGN}",
    "context.undefined_type": f"Define the type in a context of the document, or leave it out, {_RESIGN}",
    "context.null_term": f"Leave the member out, or define its term as an IRI instead of null, {_RESIGN}",
    "context.relative_iri": f"Write the identifier in full, with its scheme (https:, urn:, did:), {_RESIGN}",
    "context.invalid_iri": f"Percent-encode what an IRI may not contain, {_RESIGN}",
    "context.blank_predicate": f"Map the property to an IRI instead of a blank node, {_RESIGN}",
    "context.value_members": f"Keep @value with @language or @type and nothing else, {_RESIGN}",
    "context.null_value": f"Leave the member out, or give it a value, {_RESIGN}",
    "context.free_value": f"Say something about it, or leave it out, {_RESIGN}",
    "context.index": f"Use a property instead of an index, which no statement carries, {_RESIGN}",
    "context.direction": f"Leave @direction out, or use a cryptosuite that covers the text direction, {_RESIGN}",
    "context.language": f'Use a BCP 47 language tag such as "pl" or "en-GB", {_RESIGN}',
    "context.number": f"Write the number as a string, or with fewer digits, {_RESIGN}",
    "context.json": f"Keep to what RFC 8785 can write, {_RESIGN}",
    "context.text": f"Replace the half character by a whole one, {_RESIGN}",
}
_AMBIGUOUS: Final = "Write it in the plain form that every JSON-LD processor reads alike."
_SMALLER: Final = "Ask for a smaller document; this one is refused to keep the service available."

_KINDS: Final[dict[str, tuple[type[ProofsError], str]]] = {
    **{code: (DataLossError, remedy) for code, remedy in _LOSSES.items()},
    "context.syntax": (JsonLdError, f"Correct the member as the JSON-LD 1.1 specification demands, {_RESIGN}"),
    "context.invalid": (ContextInvalidError, "Correct the context as the JSON-LD 1.1 specification demands."),
    "context.protected": (ContextInvalidError, "Rename the term: its meaning is protected and may not be changed."),
    "context.base": (ContextInvalidError, "Leave @base out and write all identifiers in full."),
    "context.ambiguous": (UnsupportedProofError, _AMBIGUOUS),
    "context.disagreement": (UnsupportedProofError, _AMBIGUOUS),
    "context.unknown": (UnknownContextError, ""),
    "context.too_many": (BudgetExceededError, _SMALLER),
    "context.budget": (BudgetExceededError, _SMALLER),
    "context.too_deep": (BudgetExceededError, _SMALLER),
    "context.too_long": (BudgetExceededError, _SMALLER),
    "context.quads": (BudgetExceededError, _SMALLER),
}


class Refusal(Exception):  # noqa: N818 - not an error yet: to_error makes it one, once its path is known
    """A reason to refuse the document, and the steps to its place as far as they have been retraced."""

    def __init__(self, code: str, message: str, *steps: str | int, url: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.url = url
        self._steps = list(reversed(steps))

    def within(self, *steps: str | int) -> None:
        """Notes that the place lies at these steps, seen from one level further out."""
        self._steps.extend(reversed(steps))

    def within_remote(self, url: str) -> None:
        """Turns steps inside a context of the registry into words: the document's path ends at its name."""
        place = pointer(*reversed(self._steps))
        self.message = f"{self.message} (in the context {url}{' at ' if place else ''}{place})"
        self._steps.clear()

    def to_error(self) -> ProofsError:
        """The error for the caller, with the whole path."""
        kind, remedy = _KINDS[self.code]
        path = pointer(*reversed(self._steps))
        if kind is UnknownContextError:
            return UnknownContextError(self.message, url=self.url, code=self.code, path=path)
        return kind(self.message, code=self.code, path=path, remedy=remedy)


class Step:
    """Notes its step on a refusal that passes out of the with block."""

    __slots__ = ("_step",)

    def __init__(self, step: str | int) -> None:
        self._step = step

    def __enter__(self) -> None:
        return

    def __exit__(self, _kind: object, error: object, _trace: object) -> None:
        if isinstance(error, Refusal):
            error.within(self._step)


def told(value: JsonValue) -> str:
    """The JSON value as a message may repeat it."""
    if isinstance(value, str):
        return shown(value)
    try:
        text = orjson.dumps(value).decode()
    except (TypeError, ValueError):  # made in memory, and no JSON
        text = repr(value)
    return text if len(text) <= MAX_SHOWN_CHARS else text[: MAX_SHOWN_CHARS - 1] + "…"


def check_depth(depth: int) -> None:
    """Raises Refusal for a place too deep in the document."""
    if depth > MAX_DEPTH:
        raise Refusal("context.too_deep", f"the document has more than {MAX_DEPTH} levels")
