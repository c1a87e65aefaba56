"""A node of a chain that fails its senders: a proxy that swallows calls, or makes answers up, by method."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

type Forward = Callable[[], dict[str, Any]]
type Fault = Callable[[dict[str, Any], Forward], Any]
"""Given the call and a way to pass it on: the answer as a dict, bytes for a body of another kind, None to hang up."""


def unsent(_: dict[str, Any], __: Forward) -> Any:
    """Hangs up; the chain never heard of it."""


def unanswered(_: dict[str, Any], forward: Forward) -> Any:
    """Passes it on, and hangs up: the sender never hears that it worked."""
    forward()


def saying(message: str, *, code: int = -32000, passing_on: bool = False, data: str | None = None) -> Fault:
    """Answers with this error, whether or not the call was passed on."""

    def fault(_: dict[str, Any], forward: Forward) -> Any:
        if passing_on:
            forward()
        return {"error": {"code": code, "message": message, **({"data": data} if data else {})}}

    return fault


def answering(result: Any) -> Fault:
    """Makes this result up."""
    return lambda _, __: {"result": result}


def body(data: bytes) -> Fault:
    """Passes it on, and answers with something else than JSON-RPC."""

    def fault(_: dict[str, Any], forward: Forward) -> Any:
        forward()
        return data

    return fault


def changed(change: Callable[[Any], Any]) -> Fault:
    """Passes it on, and changes what came back."""
    return lambda _, forward: {"result": change(forward().get("result"))}


def late(seconds: float) -> Fault:
    """Passes it on, and takes its time."""

    def fault(_: dict[str, Any], forward: Forward) -> Any:
        time.sleep(seconds)
        return forward()

    return fault


@dataclass
class FaultyNode:
    """The proxy under way; faults can be set and cleared while it runs."""

    port: int
    faults: dict[str, Fault] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    url: str = ""

    def answer(self, call: dict[str, Any]) -> Any:
        method = call["method"]
        self.asked.append(method)

        def forward() -> dict[str, Any]:
            connection = HTTPConnection("127.0.0.1", self.port, timeout=20)
            connection.request("POST", "/", json.dumps(call), {"content-type": "application/json"})
            found = json.load(connection.getresponse())
            connection.close()
            return {name: found[name] for name in ("result", "error") if name in found}

        fault = self.faults.get(method, self.faults.get("*"))
        return forward() if fault is None else fault(call, forward)


@contextmanager
def faulty_node(port: int, **faults: Fault) -> Iterator[FaultyNode]:
    """A proxy in front of the node at this port."""
    node = FaultyNode(port, dict(faults))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            call = json.loads(self.rfile.read(int(self.headers["content-length"])))
            answer = node.answer(call)
            if answer is None:
                self.close_connection = True
                self.connection.shutdown(2)
                return
            full = answer if isinstance(answer, bytes) else {"jsonrpc": "2.0", "id": call["id"], **answer}
            data = full if isinstance(full, bytes) else json.dumps(full).encode()
            with suppress(ConnectionError):
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            pass

    with Server(("127.0.0.1", 0), Handler) as server:
        node.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield node
        server.shutdown()
        thread.join()
