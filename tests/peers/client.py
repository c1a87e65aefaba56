"""The Node side of the comparison: one process of other people's implementations, spoken to line by line."""

import json
import shutil
import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

HERE = Path(__file__).resolve().parent
SETUP = "npm ci --prefix tests/peers"
ANSWER_SECONDS = 120  # a batch of the differential tests takes seconds; a hung process must not hang the suite


class PeerError(Exception):
    """The peer refused: `name`, `code` and `details` are its own words."""

    def __init__(self, name: str, message: str, code: str | None = None, details: object = None) -> None:
        super().__init__(f"{name}: {message}")
        self.name = name
        self.code = code
        self.details = details


@dataclass(frozen=True, slots=True)
class PeerKey:
    """A key pair in the peer's own encoding."""

    type: str
    did: str
    verificationMethod: str  # noqa: N815 - the name on the wire
    publicKeyMultibase: str  # noqa: N815 - the name on the wire
    secretKeyMultibase: str  # noqa: N815 - the name on the wire


def missing() -> str | None:
    """Why the peers cannot be started here, or None."""
    if shutil.which("node") is None:
        return "peers absent: node is not installed"
    if not (HERE / "node_modules").is_dir():
        return f"peers absent: run `{SETUP}`"
    return None


class LineProcess:
    """A process that answers one JSON line per JSON line, in order."""

    def __init__(self, command: Sequence[str]) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - our own scripts, no input in the command
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
        )
        self._requests = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End of input ends the process."""
        self._process.communicate(timeout=ANSWER_SECONDS)

    def ask(self, op: str, **request: object) -> Any:
        """Send one request and wait for its answer; raises PeerError when the peer refuses."""
        self._requests += 1
        line = json.dumps({"id": self._requests, "op": op, **request}, ensure_ascii=False)
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise TypeError("the peer was started without pipes")
        watchdog = threading.Timer(ANSWER_SECONDS, self._process.kill)
        watchdog.start()
        try:
            stdin.write(line + "\n")
            stdin.flush()
            answered = stdout.readline()
        finally:
            watchdog.cancel()
        if not answered:
            raise RuntimeError(f"the peer ended while answering {op!r}")
        answer = json.loads(answered)
        if answer["id"] != self._requests:
            raise RuntimeError(f"the peer answered request {answer['id']} instead of {self._requests}")
        if "error" in answer:
            raise PeerError(**answer["error"])
        return answer["ok"]


class Peer(LineProcess):
    """The libraries on Node; every method is one request."""

    def __init__(self) -> None:
        node = shutil.which("node")
        if node is None:
            raise FileNotFoundError("node is not installed")
        super().__init__([node, str(HERE / "peer.mjs")])

    def contexts(self, documents: Mapping[str, object]) -> int:
        """Hand over contexts: the peer knows no others, bar those compiled into its libraries."""
        return self.ask("contexts", documents=dict(documents))

    def generate(self, key_type: str) -> PeerKey:
        """A new key pair of the peer's making: Ed25519, P-256 or P-384."""
        return PeerKey(**self.ask("generate", type=key_type))

    def canonize(
        self, documents: Sequence[object], *, safe: bool = True, hash_name: str = "SHA-256"
    ) -> list[str | PeerError]:
        """What the peer would hash for each document: canonical N-Quads, or its refusal."""
        return [_outcome(answer) for answer in self.ask("canonize", documents=documents, safe=safe, hash=hash_name)]

    def to_rdf(self, documents: Sequence[object], *, safe: bool = True) -> list[str | PeerError]:
        """The N-Quads of each document before canonicalization, or the refusal."""
        return [_outcome(answer) for answer in self.ask("toRdf", documents=documents, safe=safe)]

    def canonize_nquads(
        self, inputs: Sequence[str], *, hash_name: str = "SHA-256", max_work_factor: int = 1
    ) -> list[str | PeerError]:
        """Canonical N-Quads of each dataset, or the refusal."""
        answers = self.ask("canonizeNquads", inputs=inputs, hash=hash_name, maxWorkFactor=max_work_factor)
        return [_outcome(answer) for answer in answers]


def _outcome(answer: Mapping[str, Any]) -> str | PeerError:
    return PeerError(**answer["error"]) if "error" in answer else answer["ok"]
