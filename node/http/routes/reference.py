"""The reference of the routes: for programs, and as a page."""

from datetime import timedelta
from typing import Final

import orjson
from starlette.requests import Request
from starlette.responses import Response

from node.http.access import PUBLIC
from node.http.caching import cached
from node.http.door import Answer, Door
from node.http.reference import PAGE_POLICY, page
from node.http.services import Services

KEPT: Final = timedelta(minutes=5)
"""It changes with the program alone."""


def routes(services: Services) -> Door:
    """The routes."""
    door = Door(services, tag="Reference")

    @door.get(
        "/openapi.json",
        access=PUBLIC,
        answers=[Answer(200, "The OpenAPI document.", {"openapi": "3.1.0"}), Answer(304, "It is as it was.")],
        open=True,
    )
    async def document(request: Request) -> Response:
        """What the node can do, as OpenAPI 3.1."""
        return cached(request, _document(request), media_type="application/json", lasting=KEPT)

    @door.get(
        "/docs",
        access=PUBLIC,
        answers=[Answer(200, "The page.", "<!doctype html>…", media_type="text/html"), Answer(304, "It is as it was.")],
    )
    async def shown(request: Request) -> Response:
        """What the node can do, to be read in a browser.

        The page has no script, and loads nothing from anywhere.
        """
        headers = {"Content-Security-Policy": PAGE_POLICY}
        html = page(_document(request))
        return cached(request, html, media_type="text/html; charset=utf-8", lasting=KEPT, headers=headers)

    return door


def _document(request: Request) -> bytes:
    return orjson.dumps(request.app.openapi())
