"""A watch over everything that leaves this process: which names were looked up, and where anything was connected to.

What stands between a document and the network is real: the errands of the judging processes and their two guarded
fetchers, with the rules that a node has. The watch is beneath them, where the system would be asked.
"""

import asyncio
import socket

from node.adapters.fetch import GuardedFetch
from node.adapters.judging.errands import Errands, Load
from node.verification.errors import UnreachableError
from node.verification.sources import Fetched
from node.verification.trust import NO_TRUST

PUBLIC_ADDRESS = "8.8.8.8"
SECONDS = 30.0


class Watch:
    """What was asked of the system. `names` are addresses by name; of any other name there are none.

    `pages` are what hosts answer with, by URL: bytes, or a text for a redirect. They are there only once the guard has
    let a connection to their host be tried.
    """

    def __init__(self, monkeypatch):
        self.looked_up, self.connected, self.names, self.pages = [], [], {}, {}
        self.errands = None
        ask = GuardedFetch.ask

        async def asked(fetch, url, sending, read):
            try:
                return await ask(fetch, url, sending, read)
            except UnreachableError:
                page = self.pages.get(url.text)
                if page is None or url.host not in self.names:
                    raise
                return page if isinstance(page, str) else Fetched(page, "", url.text, fetch.now())

        def look_up(host, *_, **__):
            name = (host.decode() if isinstance(host, bytes) else str(host)).removesuffix(".")
            self.looked_up.append(name)
            if name not in self.names:
                raise socket.gaierror(socket.EAI_NONAME, "nobody has this name")
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, 0)) for each in self.names[name]]

        async def connect(_loop, *where, **more):
            self.connected.append(next(each for each in (*where, *more.values()) if isinstance(each, str)))
            raise ConnectionRefusedError

        def connect_at_once(_socket, where):
            self.connected.append(where[0] if isinstance(where, tuple) else where)
            raise ConnectionRefusedError

        monkeypatch.setattr(GuardedFetch, "ask", asked)
        monkeypatch.setattr(socket, "getaddrinfo", look_up)
        monkeypatch.setattr(asyncio.BaseEventLoop, "create_connection", connect)
        monkeypatch.setattr(asyncio.selector_events.BaseSelectorEventLoop, "sock_connect", connect)
        monkeypatch.setattr(socket.socket, "connect", connect_at_once)
        monkeypatch.setattr(socket.socket, "connect_ex", connect_at_once)

    def over(self, judges):
        """Let what these judges need be brought by errands of a node; nothing is remembered of before."""
        self.errands = self.bring_by(judges, Errands(NO_TRUST))
        return self

    @staticmethod
    def bring_by(judges, errands):
        """Let what these judges need be brought by these errands."""

        async def bring(need):
            end = asyncio.get_running_loop().time() + SECONDS
            (answer,) = (await errands.bring([need], Load(), end)).values()
            return answer

        judges._bring = bring
        return errands

    def forget(self):
        """Begin anew, also with what is remembered of hosts that did not answer."""
        self.looked_up, self.connected = [], []
        self.errands.answers = type(self.errands.answers)()


def inward(addresses, domain="inward.good.edu"):
    """Names of the public web that lead to these addresses, each to one; every second beside one that is public."""
    return {
        f"h{number}.{domain}": [address] if number % 2 else [PUBLIC_ADDRESS, address]
        for number, address in enumerate(addresses)
    }
