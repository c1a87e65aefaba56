"""Headers that every answer has, unless its route knows better; and HEAD wherever there is GET.

A program reads these answers, and a browser that is led here shows nothing of them, runs nothing and passes nothing on.

Spec: https://www.rfc-editor.org/rfc/rfc9110#section-9.3.2, https://www.w3.org/TR/CSP3/, https://www.rfc-editor.org/rfc/rfc6797
"""

from typing import Final

from node.http.call import call_of
from node.http.frame import App, Message, Receive, Scope, Send

CONTENT_SECURITY_POLICY: Final = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
USUAL: Final = {
    b"cache-control": b"no-store",
    b"content-security-policy": CONTENT_SECURITY_POLICY.encode(),
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"referrer-policy": b"no-referrer",
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
}
_OPEN: Final = {b"access-control-allow-origin": b"*", b"cross-origin-resource-policy": b"cross-origin"}
_HTTPS_ONLY: Final = {b"strict-transport-security": b"max-age=31536000"}


class Guarded:
    """An ASGI application."""

    def __init__(self, app: App, *, https: bool) -> None:
        self.app = app
        self._usual = USUAL | (_HTTPS_ONLY if https else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        head = scope["method"] == "HEAD"
        if head:
            scope["method"] = "GET"

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [(name.lower(), value) for name, value in message.get("headers", ())]
                there = {name for name, _ in headers}
                wanted = self._usual | _OPEN if call_of(scope).open else self._usual
                message["headers"] = headers + [each for each in wanted.items() if each[0] not in there]
            elif head:
                message["body"] = b""
            await send(message)

        await self.app(scope, receive, sent)
