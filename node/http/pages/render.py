"""Templates filled in: everything is escaped, and a name that is not there is an error.

No page has a script, or a style of its own; the policy that goes along says so. What others wrote stands apart from the
words around it (`bdi`), so that it cannot reorder them; an address leads somewhere only where it is one of the web.

Spec: https://www.w3.org/TR/CSP3/, https://html.spec.whatwg.org/multipage/text-level-semantics.html#the-bdi-element
"""

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final
from urllib.parse import urlencode, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import Response

from node.documents import JsonValue
from node.http.caching import FOR_GOOD, cached
from node.http.pages.words import words_in
from node.issuance.pages import FOR_A_WHILE
from node.verification.phrases import LANGUAGES, Language

POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
MAX_SHOWN_CHARS: Final = 8_000
"""Of one text on a page; whoever writes more is read as data."""
HTML: Final = "text/html; charset=utf-8"
_CSS: Final = "glejt.css"
_KEPT: Final = frozenset("\n\u200c\u200d")
"""Line ends, and what is needed to spell words of several scripts."""


@cache
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )


@cache
def style_sheet() -> tuple[str, bytes]:
    """The style sheet and its name, which changes with it."""
    content = files(__package__).joinpath(_CSS).read_bytes()
    return f"glejt-{hashlib.sha256(content).hexdigest()[:16]}.css", content


def html(request: Request, template: str, language: Language, public_url: str, page: Mapping[str, object]) -> Response:
    """A page in a language, to be kept for a while by anybody."""
    body = _filled(request, template, language, public_url, page)
    headers = {
        "Content-Language": language,
        "Content-Security-Policy": POLICY,
        "Vary": "Accept, Accept-Language",
        "Link": f'<{public_url}{request.url.path}?format=json>; rel="alternate"; type="application/json"',
    }
    return cached(request, body.encode(), media_type=HTML, lasting=FOR_A_WHILE, headers=headers)


def private(  # noqa: PLR0913 -- as `html`, and whether anything is there
    request: Request,
    template: str,
    language: Language,
    public_url: str,
    page: Mapping[str, object],
    *,
    status: int = 200,
) -> Response:
    """A page for one reader, which nobody keeps or lists."""
    headers = {
        "Cache-Control": "no-store",
        "Content-Language": language,
        "Content-Security-Policy": POLICY,
        "Referrer-Policy": "no-referrer",
        "Vary": "Accept, Accept-Language",
        "X-Robots-Tag": "noindex, nofollow",
    }
    body = _filled(request, template, language, public_url, page)
    return Response(body.encode(), status_code=status, media_type=HTML, headers=headers)


def _filled(request: Request, template: str, language: Language, public_url: str, page: Mapping[str, object]) -> str:
    return (
        _templates()
        .get_template(template)
        .render(
            page=page,
            words=words_in(language),
            public_url=public_url,
            style=f"{public_url}/assets/{style_sheet()[0]}",
            other_language=_in_another(request, language, public_url),
        )
    )


def asset(request: Request, name: str) -> Response | None:
    """The style sheet, under its name of today."""
    known, content = style_sheet()
    if name != known:
        return None
    return cached(request, content, media_type="text/css; charset=utf-8", lasting=FOR_GOOD)


def fit(value: JsonValue) -> str:
    """What somebody wrote, as it may be shown: bounded, and nothing in it that is not seen."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if len(text) > MAX_SHOWN_CHARS:
        text = f"{text[: MAX_SHOWN_CHARS - 1]}…"
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in _KEPT else f"\\u{ord(c):04x}" for c in text)


def web_address(value: JsonValue) -> str | None:
    """An address that a link may lead to."""
    if not isinstance(value, str) or not value.isprintable() or " " in value:
        return None
    try:
        parts = urlsplit(value)
    except ValueError:
        return None
    return value if parts.scheme in {"http", "https"} and parts.netloc else None


def link(text: JsonValue, address: JsonValue) -> dict[str, str | None]:
    """A link, or a text alone where the address is none of the web."""
    return {"text": fit(text or address), "href": web_address(address)}


def _in_another(request: Request, language: Language, public_url: str) -> str:
    other = next(one for one in LANGUAGES if one != language)
    kept = [(name, value) for name, value in request.query_params.multi_items() if name != "lang"]
    return f"{public_url}{request.url.path}?{urlencode([*kept, ('lang', other)])}"
