"""One way out: no other module imports a client, opens a socket or turns TLS on. And nothing is fetched in passing."""

import ast
import socket

import pytest
from support import ROOT

CLIENTS = {
    "aiohttp", "aiosmtplib", "anyio", "ftplib", "h11", "h2", "http.client", "httpcore", "httpcore2", "httplib2",
    "httpx", "httpx2", "imaplib", "niquests", "paramiko", "poplib", "pycurl", "requests", "smtplib", "socket", "socks",
    "socksio", "ssl", "telnetlib", "treq", "trio", "urllib.request", "urllib3", "websocket", "websockets", "wsproto",
    "xmlrpc",
}  # fmt: skip
CALLS = {"open_connection", "create_connection", "sock_connect", "start_tls", "urlopen", "getaddrinfo", "gethostbyname"}
WAY_OUT = {
    "anchoring/evm.py": {"aiohttp"},
    "node/adapters/control.py": {"socket"},
    "node/adapters/dial.py": {"httpx2", "ssl", "websockets"},
    "node/adapters/fetch.py": {"httpx2", "ssl"},
    "node/adapters/json_rpc/client.py": {"httpx2", "ssl"},
    "node/adapters/mail.py": {"aiosmtplib", "ssl"},
    "node/adapters/name_lookup.py": {"socket", "getaddrinfo"},
    "node/adapters/node_client.py": {"httpx2", "ssl"},
    "node/adapters/telemetry.py": {"httpx2"},
    "node/app/examining.py": {"httpx2"},
    "node/app/server.py": {"socket", "getaddrinfo"},
}
"""What connects: the guarded fetcher and the dialer beside it, which alone follow what strangers name, after a question
to the name server; what writes letters by the administrator's mail server; for nodes of chains, whose addresses are the
administrator's, the client that reads and the one that writes; what sends traces to where the administrator says; what
asks the node that a person names, and what looks whether the node's own address leads to it; and what listens: the
server, and the socket in the node's folder."""
TOLD_BY_THE_ADMINISTRATOR = {
    "node/app/__init__.py",
    "node/app/node_chain.py",
    "node/adapters/chain_access.py",
    "node/adapters/gas_signers.py",
    "node/adapters/judging/errands.py",
    "node/adapters/judging/outside.py",
    "node/adapters/judging/resolving.py",
    "node/adapters/judging/service.py",
    "node/adapters/registry_access.py",
    "node/adapters/registry_reader.py",
    "node/cli/anchor_chain.py",
    "node/cli/checkpoint.py",
}
"""What may hand addresses to the client that is not guarded, all of them out of settings, trust files and options: the
composition root, what opens listed chains, the signers behind an address, what reads the registries of listed chains,
what carries questions of the processes that judge to the nodes of listed chains, which the processes know by name
alone, and the commands that are told a chain or a signer."""


def _modules():
    for package in ("anchoring", "did_methods", "node"):
        yield from (ROOT / package).glob("**/*.py")


def _used(source):
    """Clients that a module imports, or calls by name."""
    for found in ast.walk(ast.parse(source)):
        names = []
        if isinstance(found, ast.Import):
            names = [alias.name for alias in found.names]
        elif isinstance(found, ast.ImportFrom):
            names = [found.module or "", *(f"{found.module}.{alias.name}" for alias in found.names)]
        elif isinstance(found, ast.Call) and isinstance(found.func, ast.Name | ast.Attribute):
            name = found.func.attr if isinstance(found.func, ast.Attribute) else found.func.id
            names = [name] if name in CALLS else []
            if name in {"import_module", "__import__"} and found.args and isinstance(found.args[0], ast.Constant):
                names = [str(found.args[0].value)]
        for name in names:
            yield from (client for client in CLIENTS | CALLS if name == client or name.startswith(f"{client}."))


@pytest.mark.threat(56)
def test_no_other_module_can_reach_out():
    found = {str(path.relative_to(ROOT)): set(_used(path.read_text("utf-8"))) for path in _modules()}
    assert {name: clients for name, clients in found.items() if clients} == WAY_OUT
    assert len(found) > 50


@pytest.mark.threat(56)
def test_addresses_of_strangers_never_reach_the_client_without_a_guard():
    """Nothing else knows it, so no document, receipt or identifier can lead there."""
    room = "node/adapters/json_rpc/"
    found = {
        name
        for path in _modules()
        if not (name := str(path.relative_to(ROOT))).startswith(room)
        and any(
            (isinstance(node, ast.ImportFrom) and "json_rpc" in f"{node.module}.{[each.name for each in node.names]}")
            or (isinstance(node, ast.Import) and any("json_rpc" in each.name for each in node.names))
            for node in ast.walk(ast.parse(path.read_text("utf-8")))
        )
    }
    assert found <= TOLD_BY_THE_ADMINISTRATOR


@pytest.mark.parametrize(
    "source",
    ["import httpx", "import urllib.request", "from urllib import request", "from http import client", "import ssl",
     "from httpx2 import AsyncClient", "async def f():\n await asyncio.open_connection('a', 1)", "import socket as s",
     "loop.create_connection(f, 'a', 1)", "importlib.import_module('aiohttp')", "from urllib.request import urlopen"],
)  # fmt: skip
def test_the_rule_sees_what_it_is_for(source):
    assert set(_used(source))


@pytest.mark.parametrize("source", ["from urllib.parse import quote", "from http import HTTPStatus", "import sslkeys"])
def test_the_rule_sees_nothing_else(source):
    assert not set(_used(source))


def test_loading_the_fetcher_connects_nowhere(monkeypatch):
    def connect(*_):
        raise AssertionError("something connected")

    monkeypatch.setattr(socket.socket, "connect", connect)
    from node.adapters import fetch  # noqa: PLC0415 -- under the trap

    assert fetch.GuardedFetch()
