"""How often an address may ask without a key; who brings one is counted by it, once it is known to count."""

from node.http.frame import App, Receive, Scope, Send, refuse
from node.http.frame.addresses import address_of
from node.http.frame.bounded import ALWAYS, brings_key
from node.http.frame.buckets import Buckets, too_often
from node.http.limits import Limits
from node.http.telemetry import Telemetry


class Paced:
    """An ASGI application."""

    def __init__(self, app: App, telemetry: Telemetry, limits: Limits) -> None:
        self.app = app
        self.telemetry = telemetry
        self._proxies = limits.proxies
        self._strangers = Buckets(limits.address)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http" and not brings_key(scope) and scope["path"] not in ALWAYS:
            wait = self._strangers.take(address_of(scope, self._proxies))
            if wait:
                self.telemetry.refused("address")
                await refuse(too_often(wait), scope, receive, send)
                return
        await self.app(scope, receive, send)
