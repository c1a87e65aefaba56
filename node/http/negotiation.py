"""In which form and language somebody wants an answer.

Spec: https://www.rfc-editor.org/rfc/rfc9110#section-12.5
"""

from collections.abc import Iterator
from typing import Final

from starlette.requests import Request

from node.verification.phrases import LANGUAGES, Language

JSON: Final = "application/json"
JSON_LD: Final = "application/ld+json"
HTML: Final = "text/html"
MAX_PARTS: Final = 32
"""Of a header that are read; browsers send some eight."""


def wants_html(request: Request) -> bool:
    """Whether a page is wanted rather than data; by whoever takes anything, data is. `?format=json` asks for data."""
    if request.query_params.get("format") == "json":
        return False
    wishes = dict(_wishes(request.headers.get("accept", "")))
    page = wishes.get(HTML, 0.0)
    return page > max(wishes.get(JSON_LD, 0.0), wishes.get(JSON, 0.0)) and page >= wishes.get("*/*", 0.0)


def json_type(request: Request) -> str:
    """By which of its names data is sent."""
    wishes = dict(_wishes(request.headers.get("accept", "")))
    return JSON if wishes.get(JSON, 0.0) > wishes.get(JSON_LD, 0.0) else JSON_LD


def language_of(request: Request) -> Language:
    """The language of a page: the one in the address, else the one most wanted, else English."""
    asked = request.query_params.get("lang")
    for language in LANGUAGES:
        if asked == language:
            return language
    found: tuple[float, Language] = (0.0, "en")
    for tag, weight in _wishes(request.headers.get("accept-language", "")):
        for language in LANGUAGES:
            if tag.partition("-")[0] == language and weight > found[0]:
                found = weight, language
    return found[1]


def _wishes(header: str) -> Iterator[tuple[str, float]]:
    """What is wanted, in lower case, and how much; the first of two of a name counts last, so it is told last."""
    for part in reversed(header.split(",")[:MAX_PARTS]):
        name, *options = (one.strip().lower() for one in part.split(";"))
        weight = next((one.removeprefix("q=") for one in options if one.startswith("q=")), "1")
        try:
            yield name, min(max(float(weight), 0.0), 1.0)
        except ValueError:
            yield name, 0.0
