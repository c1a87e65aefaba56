"""What is wrong with a request that does not have the form of its route: where, and what is wanted there.

What was sent is never repeated. Members that a route knows are named; of others there is the place that they are in.

Spec: https://www.rfc-editor.org/rfc/rfc9457#section-3
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from fastapi.exceptions import RequestValidationError

from node.documents import pointer
from node.http.problems import ProblemError

MAX_ERRORS: Final = 20
"""As many as anybody reads; a body of a megabyte can have more."""
_REPEATING: Final[Mapping[str, str]] = {
    "union_tag_invalid": "is none of the kinds that there are",
    "value_error": "is not as it should be",
    "assertion_error": "is not as it should be",
    "extra_forbidden": "has a member that is not known here",
}
"""Kinds whose text repeats what was sent, and what is said instead."""
_UNKNOWN_MEMBER: Final = "extra_forbidden"
_NAME_CHARS: Final = 64


def told_of(error: RequestValidationError) -> ProblemError:
    """The problem; its texts are those of the models."""
    return ProblemError(
        400,
        "request.invalid",
        "the request does not have the form that is wanted",
        "See `errors` for where; /docs has an example of each request.",
        errors=[_one(each) for each in error.errors()[:MAX_ERRORS]],
    )


def require_known(given: Iterable[str], known: Collection[str]) -> None:
    """Refuse a parameter that would say nothing: a filter with a typing error would find everything."""
    if not set(given) <= set(known):
        there = ", ".join(sorted(known)) or "none"
        raise ProblemError(
            400,
            "request.invalid",
            "the address has a parameter that is not known here",
            f"The parameters are: {there}.",
            errors=[{"in": "query", "pointer": "", "message": f"the parameters are: {there}"}],
        )


def _one(error: Mapping[str, Any]) -> dict[str, str]:
    kind = str(error["type"])
    place, *steps = error["loc"]
    if kind == _UNKNOWN_MEMBER:
        steps = steps[:-1]
    message = _REPEATING.get(kind) or str(error["msg"])
    return {"in": str(place), "pointer": pointer(*map(_bounded, steps)), "message": message}


def _bounded(step: object) -> str | int:
    return step if isinstance(step, int) else str(step)[:_NAME_CHARS]
