"""Nodes of a chain that lie, each in one way of its own: proxies in front of a real one."""

import copy
import gzip
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import rlp
from anvil_support import _HEADER, _NUMBERS, digits
from eth_hash.auto import keccak

SLOW_SECONDS = 0.25
"""Longer than the tests of slow nodes wait."""
YEAR = 31_536_000


class Upstream:
    """A real node; what it answered once it is not asked again, so its chain has to stand still meanwhile."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._known: dict[str, Any] = {}
        self._lock = threading.Lock()

    def __call__(self, method: str, params: Any) -> Any:
        """The answer's members beside `jsonrpc` and `id`."""
        key = json.dumps([method, params])
        with self._lock:
            if key not in self._known:
                connection = HTTPConnection("127.0.0.1", self._port, timeout=20)
                message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
                connection.request("POST", "/", json.dumps(message), {"content-type": "application/json"})
                answer = json.load(connection.getresponse())
                connection.close()
                self._known[key] = {name: answer[name] for name in ("result", "error") if name in answer}
            return copy.deepcopy(self._known[key])

    def result(self, method: str, *params: Any) -> Any:
        """A result."""
        return self(method, list(params))["result"]


@dataclass
class Scene:
    """What a liar may draw on."""

    honest: Upstream
    other: Upstream
    """A node of another chain on which everything is anchored and final."""
    stale: int
    """A block before anything was anchored."""
    times: int = 0
    """How many messages came before."""


@dataclass(frozen=True)
class Lie:
    """One way of lying. Each function is given what would have been said, and returns what is said."""

    name: str
    result: Callable[[str, Any, Any, Scene], Any] | None = None
    """Of one call: method, parameters, result."""
    answer: Callable[[dict[str, Any]], Any] | None = None
    """Of one call: the whole of it."""
    answers: Callable[[Any], Any] | None = None
    """Of a message: one answer, or a list of them."""
    body: Callable[[bytes], bytes] | None = None
    send: Callable[[BaseHTTPRequestHandler, bytes], None] | None = None
    harmless: bool = False
    """What is said is odd but true, or nothing that counts: such a node is as good as any."""
    behind: bool = False
    """What is said is true, as of an earlier block."""
    believed: bool = False
    """Whoever trusts this node alone is deceived: that is why there is a quorum."""
    slow: bool = False
    singly: bool = False
    """Several calls in one message are refused."""


@dataclass
class LyingNode:
    """A proxy under way, which tells this lie, or none."""

    scene: Scene
    lie: Lie | None = None
    port: int = 0
    asked: list[str] = field(default_factory=list)
    url: str = ""

    def say(self, message: Any) -> bytes:
        """The body for a message."""
        if self.lie and self.lie.singly and isinstance(message, list):
            return b'{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"no batches"}}'
        answers = [self._one(call) for call in message] if isinstance(message, list) else self._one(message)
        if self.lie and self.lie.answers:
            answers = self.lie.answers(answers)
        body = json.dumps(answers).encode()
        self.scene.times += 1
        return self.lie.body(body) if self.lie and self.lie.body else body

    def _one(self, call: Any) -> Any:
        method, params = call["method"], call["params"]
        self.asked.append(method)
        answer = {"jsonrpc": "2.0", "id": call["id"], **self.scene.honest(method, params)}
        if self.lie and self.lie.result:
            said = self.lie.result(method, params, answer.get("result"), self.scene)
            if said is not None or "result" in answer:
                answer = {"jsonrpc": "2.0", "id": call["id"], "result": said}
        return self.lie.answer(answer) if self.lie and self.lie.answer else answer


@contextmanager
def lying_node(scene: Scene, lie: Lie | None = None) -> Iterator[LyingNode]:
    """A proxy; which lie it tells can be set anew."""
    node = LyingNode(scene, lie)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            message = json.loads(self.rfile.read(int(self.headers["content-length"])))
            with suppress(ConnectionError):
                (node.lie.send if node.lie and node.lie.send else _sent)(self, node.say(message))

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """A client that went away."""

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    node.port = server.server_port
    node.url = f"http://127.0.0.1:{node.port}"
    try:
        yield node
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _sent(handler: BaseHTTPRequestHandler, body: bytes, status: int = 200, **headers: str) -> None:
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def sealed(block: Any, **members: str) -> Any:
    """The block with other members, and the hash that it would then have."""
    altered = {**block, **members}
    fields = [
        digits(int(altered[name], 16)) if name in _NUMBERS else bytes.fromhex(altered[name][2:])
        for name in _HEADER
        if altered.get(name) is not None
    ]
    return {**altered, "hash": "0x" + keccak(rlp.encode(fields)).hex()}


def _on(*methods: str) -> Callable[..., Any]:
    """What is said in answer to these methods only, from a function of the result, the parameters and the scene."""

    def narrowed(say: Callable[[Any, Any, Scene], Any]) -> Callable[[str, Any, Any, Scene], Any]:
        return lambda method, params, result, scene: say(result, params, scene) if method in methods else result

    return narrowed


def _of_final(say: Callable[[Any, Any, Scene], Any]) -> Callable[[str, Any, Any, Scene], Any]:
    """What is said of the final block, by tag, number or hash."""

    def told(method: str, params: Any, result: Any, scene: Scene) -> Any:
        final = scene.honest.result("eth_getBlockByNumber", "finalized", False)
        if method not in BLOCKS or result is None or result["number"] != final["number"]:
            return result
        return say(result, params, scene)

    return told


BLOCKS = ("eth_getBlockByNumber", "eth_getBlockByHash")
_by_number, _blocks, _proof = _on(BLOCKS[0]), _on(*BLOCKS), _on("eth_getProof")
_receipts, _chain_id, _code = _on("eth_getBlockReceipts"), _on("eth_chainId"), _on("eth_getCode")
NIL = "0x" + bytes(32).hex()
JUNK = "0x" + (b"\x77" * 32).hex()


def _genesis(say: Callable[[Any], Any]) -> Callable[[str, Any, Any, Scene], Any]:
    return _by_number(lambda result, params, _: say(result) if params[0] == "0x0" else result)


def _final(say: Callable[[Any, Scene], Any]) -> Callable[[str, Any, Any, Scene], Any]:
    return _by_number(lambda result, params, scene: say(result, scene) if params[0] == "finalized" else result)


def _elsewhere(method: str, params: Any, result: Any, scene: Scene) -> Any:
    return scene.other(method, params).get("result", result)


def _posing(method: str, params: Any, result: Any, scene: Scene) -> Any:
    if method == BLOCKS[0] and params[0] == "0x0":
        return result
    return _elsewhere(method, params, result, scene)


def _reorged(method: str, params: Any, result: Any, scene: Scene) -> Any:
    """From the second message on, another chain."""
    return _posing(method, params, result, scene) if scene.times else result


def _flipping(method: str, params: Any, result: Any, scene: Scene) -> Any:
    """With every message another chain."""
    return _posing(method, params, result, scene) if scene.times % 2 else result


def _of_other_slots(_result: Any, params: Any, scene: Scene) -> Any:
    slots = [hex(int(slot, 16) ^ 1) for slot in params[1]]
    return scene.honest.result("eth_getProof", params[0], ["0x" + slot[2:].zfill(64) for slot in slots], params[2])


def _with_storage(change: Callable[[list[str]], list[str]]) -> Callable[..., Any]:
    def say(result: Any, _params: Any, _scene: Scene) -> Any:
        for entry in result["storageProof"]:
            entry["proof"] = change(entry["proof"])
        return result

    return _proof(say)


def _bit(text: str) -> str:
    return f"{text[:-1]}{int(text[-1], 16) ^ 1:x}"


def _in_receipt(**members: Any) -> Callable[..., Any]:
    return _receipts(lambda result, _params, _scene: [{**result[0], **members}, *result[1:]] if result else result)


def _other_log(result: Any, _params: Any, _scene: Scene) -> Any:
    for receipt in result:
        for log in receipt["logs"]:
            log["data"] = _bit(log["data"])
    return result


def _drip(handler: BaseHTTPRequestHandler, body: bytes) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    for place in range(len(body)):
        handler.wfile.write(body[place : place + 1])
        handler.wfile.flush()
        time.sleep(SLOW_SECONDS / 5)


def _late(handler: BaseHTTPRequestHandler, body: bytes) -> None:
    time.sleep(SLOW_SECONDS)
    _sent(handler, body)


def _hung_up(handler: BaseHTTPRequestHandler, _body: bytes) -> None:
    handler.close_connection = True
    handler.connection.close()


def _half(handler: BaseHTTPRequestHandler, body: bytes) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body[: len(body) // 2])
    handler.close_connection = True


def _led_on(handler: BaseHTTPRequestHandler, body: bytes) -> None:
    _sent(handler, body, 307, Location=f"http://127.0.0.1:{handler.server.server_port}/again")


def _twice(answers: Any) -> Any:
    return [*answers, answers[0]] if isinstance(answers, list) else answers


def _more(answers: Any) -> Any:
    return [*answers, {"jsonrpc": "2.0", "id": 10**6, "result": None}] if isinstance(answers, list) else answers


def _fewer(answers: Any) -> Any:
    return answers[:-1] if isinstance(answers, list) else answers


def _swapped(answers: Any) -> Any:
    """The ids of two answers, exchanged."""
    if not isinstance(answers, list):
        return answers
    first, second, *rest = answers
    return [{**first, "id": second["id"]}, {**second, "id": first["id"]}, *rest]


PROTOCOL = b'"jsonrpc": "2.0"'
REFUSAL = {"code": -32000, "message": "missing trie node"}

LIES = [
    # which chain
    Lie("another chain id", _chain_id(lambda *_: "0x1")),
    Lie("a chain id that is none", _chain_id(lambda *_: 31337)),
    Lie("another first block", _genesis(lambda block: {**block, "hash": JUNK})),
    Lie("no first block", _genesis(lambda _: None)),
    Lie("other code", _code(lambda *_: "0x6001")),
    Lie("no code", _code(lambda *_: "0x")),
    Lie("another chain", _elsewhere),
    Lie("another chain that poses as this one", _posing, believed=True),
    # which block
    Lie("an old head", _final(lambda _, scene: scene.honest.result(BLOCKS[0], hex(scene.stale), False)), behind=True),
    Lie("a head that is not final", _final(lambda _, scene: scene.honest.result(BLOCKS[0], "latest", False)),
        believed=True),
    Lie("a head in the future", _final(lambda block, _: sealed(block, timestamp=hex(int(time.time()) + YEAR)))),
    Lie("a head far ahead", _final(lambda block, _: sealed(block, number=hex(10**9)))),
    Lie("another block of the same number", _of_final(lambda block, *_: sealed(block, extraData="0x01"))),
    Lie("no final block", _final(lambda *_: None)),
    Lie("no blocks", _blocks(lambda *_: None)),
    Lie("a block that is a text", _blocks(lambda *_: "0x01")),
    Lie("a block of another number", _by_number(lambda block, params, scene: scene.honest.result(
        BLOCKS[0], hex(int(block["number"], 16) - 1), False) if params[0] not in ("0x0", "finalized") else block)),
    # which header
    Lie("another state root", _of_final(lambda block, *_: {**block, "stateRoot": JUNK})),
    Lie("another state root under its own hash", _of_final(lambda block, *_: sealed(block, stateRoot=JUNK))),
    Lie("another receipts root", _blocks(lambda block, *_: block and {**block, "receiptsRoot": JUNK})),
    Lie("another time", _blocks(lambda block, *_: block and {**block, "timestamp": _bit(block["timestamp"])})),
    Lie("a hash that is not the block's", _of_final(lambda block, *_: {**block, "hash": JUNK})),
    Lie("a member left out", _blocks(lambda block, *_: block and {k: v for k, v in block.items() if k != "mixHash"})),
    Lie("a member that no number is", _blocks(lambda block, *_: block and {**block, "gasLimit": "0x_1"})),
    Lie("a member that no fork has brought", _blocks(lambda block, *_: block and {**block, "lotteryRoot": NIL}),
        harmless=True),
    Lie("a huge member", _blocks(lambda block, *_: block and {**block, "extraData": "0x" + "00" * 100_000})),
    # which storage
    Lie("a proof of other slots", _proof(_of_other_slots)),
    Lie("a proof at another block", _proof(lambda _, params, scene: scene.honest.result(
        "eth_getProof", params[0], params[1], hex(int(params[2], 16) - 1)))),
    Lie("a proof from another chain", _on("eth_getProof")(
        lambda _, params, scene: scene.other.result("eth_getProof", *params))),
    Lie("a proof of another contract", _proof(lambda _, params, scene: scene.honest.result(
        "eth_getProof", "0x" + "11" * 20, params[1], params[2]))),
    Lie("a proof without its last node", _proof(lambda proof, *_: {
        **proof, "accountProof": proof["accountProof"][:-1]})),
    Lie("a proof with a node twice", _proof(lambda proof, *_: {
        **proof, "accountProof": [*proof["accountProof"], "0xc0" + "00" * 40]})),
    Lie("a proof in another order", _proof(lambda proof, *_: {**proof, "accountProof": proof["accountProof"][::-1]})),
    Lie("a proof with one bit changed", _proof(lambda proof, *_: {
        **proof, "accountProof": [*proof["accountProof"][:-1], _bit(proof["accountProof"][-1])]})),
    Lie("storage nodes with one bit changed", _with_storage(lambda nodes: [*nodes[:-1], _bit(nodes[-1])] if nodes else
        ["0x" + "c0" * 40])),
    Lie("a proof of fewer slots", _proof(lambda proof, *_: {**proof, "storageProof": proof["storageProof"][:-1]})),
    Lie("a proof that is nothing", _proof(lambda *_: None)),
    Lie("words beside the proof", _proof(lambda proof, *_: {
        **proof, "codeHash": JUNK, "storageProof": [{**entry, "value": "0x1"} for entry in proof["storageProof"]]}),
        harmless=True),
    # which events
    Lie("receipts in another order", _receipts(lambda receipts, *_: receipts[::-1])),
    Lie("a receipt left out", _receipts(lambda receipts, *_: receipts[:-1])),
    Lie("the first receipt left out", _receipts(lambda receipts, *_: receipts[1:])),
    Lie("a receipt too many", _receipts(lambda receipts, *_: [*receipts, receipts[-1]])),
    Lie("no receipts", _receipts(lambda *_: [])),
    Lie("receipts that are nothing", _receipts(lambda *_: None)),
    Lie("receipts of another block", _receipts(lambda _, params, scene: scene.honest.result(
        "eth_getBlockReceipts", hex(int(params[0], 16) - 1)))),
    Lie("another event", _receipts(_other_log)),
    Lie("an event left out", _in_receipt(logs=[])),
    Lie("a transaction that failed", _in_receipt(status="0x0")),
    Lie("a receipt of an unknown type", _in_receipt(type="0x7e")),
    Lie("a receipt of another known type", _in_receipt(type="0x1")),
    # which answer
    Lie("errors", answer=lambda answer: {"jsonrpc": "2.0", "id": answer["id"], "error": REFUSAL}),
    Lie("an error and a result", answer=lambda answer: {**answer, "error": REFUSAL}),
    Lie("neither an error nor a result", answer=lambda answer: {"jsonrpc": "2.0", "id": answer["id"]}),
    Lie("wrong ids", answer=lambda answer: {**answer, "id": answer["id"] + 1}),
    Lie("ids as texts", answer=lambda answer: {**answer, "id": str(answer["id"])}),
    Lie("ids exchanged", answers=_swapped),
    Lie("one call answered twice", answers=_twice),
    Lie("a call answered that was not made", answers=_more),
    Lie("a call not answered", answers=_fewer),
    Lie("answers in another order", answers=lambda answers: answers[::-1] if isinstance(answers, list) else answers,
        harmless=True),
    Lie("another protocol", answer=lambda answer: {**answer, "jsonrpc": "1.0"}),
    Lie("results that are null", answer=lambda answer: {**answer, "result": None}),
    Lie("takes one call at a time", harmless=True, singly=True),
    # which bytes
    Lie("JSON that breaks off", body=lambda body: body[: len(body) // 2]),
    Lie("names given twice", body=lambda body: body.replace(PROTOCOL, PROTOCOL + b', "result": "0x0"')),
    Lie("a number that no reader holds", body=lambda body: body.replace(PROTOCOL, PROTOCOL + b', "x": 1e999')),
    Lie("deep nesting", body=lambda _: b"[" * 10_000 + b"]" * 10_000),
    Lie("a page for people", body=lambda _: b"<html>Sign in</html>"),
    Lie("nothing", body=lambda _: b""),
    Lie("a huge body", body=lambda body: body + b" " * 20_000_000),
    Lie("a packed body", send=lambda handler, body: _sent(handler, gzip.compress(body), content_encoding="gzip")),
    Lie("the status 500", send=lambda handler, body: _sent(handler, body, 500)),
    Lie("the status 429", send=lambda handler, body: _sent(handler, body, 429)),
    Lie("a redirect", send=_led_on),
    Lie("a connection that is closed", send=_hung_up),
    Lie("half an answer", send=_half),
    Lie("a slow answer", send=_late, slow=True),
    Lie("an answer in drops", send=_drip, slow=True),
    # which time
    Lie("a reorganisation between two messages", _reorged),
    Lie("another chain with every message", _flipping),
]  # fmt: skip
"""Each in a word; at least the 25 that the threat table asks for."""
