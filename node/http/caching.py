"""Answers that may be kept: what is published, under a tag that changes with its bytes.

Spec: https://www.rfc-editor.org/rfc/rfc9110#section-13.1.2, https://www.rfc-editor.org/rfc/rfc9111
"""

import base64
import hashlib
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

FOR_GOOD: Final = timedelta(days=365)
"""For what never changes under its address."""
_TAG_BYTES: Final = 18


def etag_of(body: bytes) -> str:
    """The entity tag of these bytes."""
    return f'"{base64.urlsafe_b64encode(hashlib.sha256(body).digest()[:_TAG_BYTES]).decode()}"'


def cached(  # noqa: PLR0913 -- what a cache wants to know
    request: Request,
    body: bytes,
    *,
    media_type: str,
    lasting: timedelta,
    etag: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The body, to be kept for so long by anybody; 304 for whoever has it already.

    Give `etag` where it is known without the body. Where Accept chose among forms, give each its own bytes, and
    `headers={"Vary": "Accept"}`.
    """
    tag = etag or etag_of(body)
    immutable = ", immutable" if lasting >= FOR_GOOD else ""
    told = {"ETag": tag, "Cache-Control": f"public, max-age={lasting // timedelta(seconds=1)}{immutable}"}
    told |= dict(headers or {})
    if _has(request, tag):
        return Response(status_code=304, headers=told)
    return Response(body, media_type=media_type, headers=told)


def _has(request: Request, tag: str) -> bool:
    wanted = [part.strip().removeprefix("W/") for part in request.headers.get("if-none-match", "").split(",")]
    return tag in wanted or wanted == ["*"]
