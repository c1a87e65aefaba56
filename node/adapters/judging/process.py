"""One process of the pool of judges: `python -m node.adapters.judging.process PARENT SECONDS MEMORY`.

1. It ends with its parent, even one that was killed.
2. It points standard output elsewhere, so that nothing printed by accident can be taken for an answer.
3. It reads the set-up, such as the trust of its verifier, and warms up: all is imported, usual contexts are compiled.
4. It gives up what no job needs: memory beyond the limit, core dumps, writing files.
5. It answers one task after another, each under a timer of its own, until its input ends. While the pool is asked for
   something, the timer stands still: that is the pool's time.
6. Every now and then it looks how much it has grown, and says so when it wants to be replaced.
"""

import gc
import importlib
import os
import pickle
import resource
import signal
import sys
import tempfile
from base64 import b64encode
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Final

import orjson

from did_methods.did import parse_did
from did_methods.key import resolve_key
from did_methods.multibase import encode_base58btc
from node.adapters.judging.jobs import REFUSALS, Desk, refusal
from node.adapters.judging.outside import Outside, Runner
from node.adapters.judging.protocol import (
    ASK,
    DONE,
    LENGTH_BYTES,
    NEED,
    READY,
    REFUSED,
    SIGN,
    TIRED,
    WELL,
    Brought,
    Need,
    SetUp,
    Task,
    Verify,
    framed,
    need_json,
)
from node.documents import DocumentError, JsonObject
from node.issuance.errors import IssuanceError
from node.verification.material import Origin, ResolvedDocument, VerificationMaterial
from node.verification.policy import KeyEvidence, built_in

MERCY_SECONDS: Final = 1.0
"""How much longer than the pool this process waits before it ends itself: the pool tells the caller why."""
NICE: Final = 5
"""How far this process steps back behind the server, whose event loop has to answer everybody."""
LATER: Final = (
    "node.adapters.json_rpc.reader",
    "node.adapters.judging.securing",
    "node.adapters.judging.table_jobs",
    "node.credentials.micro_credential.classification",
    "node.credentials.micro_credential.readers.envelope",
    "node.credentials.pictures.facts",
    "node.verification.sd_jwt_vc.judging",
    "node.verification.sd_jwt_vc.opening",
    "node.wallet.derive",
)
"""Modules that are imported where they are needed first."""
LOOKED_AFTER: Final = 64
"""Tasks between two looks at how much memory is in use."""
TIRED_SHARE: Final = 0.5
"""Of the memory that it may use: one that has grown so far without a task in hand will not get smaller."""
PR_SET_PDEATHSIG: Final = 1  # linux/prctl.h

_DAY: Final = datetime(2026, 1, 1, tzinfo=UTC)
_NOBODY: Final = "did:key:z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH"
_NO_SIGNATURE: Final = encode_base58btc(b"\x58" + b"\x66" * 31 + b"\x01" + bytes(31))  # R the base point, S 1
WARMING: Final = f"""{{
 "@context": ["https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"],
 "id": "urn:uuid:00000000-0000-4000-8000-000000000000", "type": ["VerifiableCredential", "OpenBadgeCredential"],
 "issuer": {{"id": "{_NOBODY}", "type": ["Profile"], "name": "Nobody"}},
 "validFrom": "2026-01-01T00:00:00Z", "name": "Nothing", "credentialSubject": {{"type": ["AchievementSubject"],
  "achievement": {{"id": "urn:uuid:00000000-0000-4000-8000-000000000001", "type": ["Achievement"], "name": "Nothing",
   "description": "Nothing", "criteria": {{"narrative": "None"}}}}}},
 "proof": {{"type": "DataIntegrityProof", "cryptosuite": "eddsa-rdfc-2022", "created": "2026-01-01T00:00:00Z",
  "verificationMethod": "{_NOBODY}#{_NOBODY.rpartition(":")[2]}", "proofPurpose": "assertionMethod",
  "proofValue": "{_NO_SIGNATURE}"}}}}"""
"""A document that leads through everything that most documents need, down to a signature that does not hold."""


def work(parent: int, seconds: float, memory: int) -> None:
    """The life of one process."""
    end_with(parent)  # 1
    os.nice(NICE)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    pipe = Pipe(sys.stdin.buffer, os.fdopen(os.dup(sys.stdout.fileno()), "wb"))
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # 2
    set_up: SetUp = pickle.loads(pipe.hear() or b"")  # noqa: S301 -- 3: from our own parent
    desk, runner = Desk(set_up, pipe), Runner()
    warm(desk)
    if set_up.serves:
        import_all()
    gc.collect()
    gc.freeze()  # what is warm stays: no collection during a task walks over it
    limit(memory)  # 4
    pipe.tell(READY, b"")
    done = 0
    while (data := pipe.hear()) is not None:  # 5
        signal.setitimer(signal.ITIMER_REAL, seconds + MERCY_SECONDS)
        letter, answer = attempt(pickle.loads(data), desk, runner, pipe)  # noqa: S301 -- as above
        signal.setitimer(signal.ITIMER_REAL, 0)
        done += 1
        if letter != NEED:
            tired = done % LOOKED_AFTER == 0 and mapped() > memory * TIRED_SHARE  # 6
            answer = (TIRED if tired else WELL) + answer
        pipe.tell(letter, answer)


class Pipe:
    """The way to the pool and back."""

    def __init__(self, source: BinaryIO, target: BinaryIO) -> None:
        self._source = source
        self._target = target

    def hear(self) -> bytes | None:
        """The next message, None at the end of the input."""
        length = self._source.read(LENGTH_BYTES)
        return self._source.read(int.from_bytes(length)) if len(length) == LENGTH_BYTES else None

    def tell(self, letter: bytes, message: bytes) -> None:
        """Send one message."""
        self._target.write(framed(letter + message))
        self._target.flush()

    def remembered(self, needs: Sequence[Need]) -> Sequence[tuple[Brought, float] | None]:
        """What the pool knows of each of these at once, and until when that counts."""
        told = self._asked(ASK, {"needs": [need_json(need) for need in needs]})
        found: Sequence[tuple[Brought, float] | None] = pickle.loads(told)  # noqa: S301 -- from our own parent
        return found

    def sign(self, method: str, data: bytes) -> bytes:
        """The signature by the key of the task."""
        return self._signed({"method": method, "data": _text(data)})

    def sign_messages(self, method: str, header: bytes, messages: Sequence[bytes]) -> bytes:
        """The BBS signature, likewise."""
        return self._signed({"method": method, "header": _text(header), "messages": [_text(one) for one in messages]})

    def ask(self, message: JsonObject) -> bytes:
        """What a task about a table asks for: intents, or many signatures by the key of the task."""
        return self._signed(message)

    def _signed(self, message: JsonObject) -> bytes:
        signature = self._asked(SIGN, message)
        if not signature:
            raise IssuanceError("the key does not sign", code="key_store.refused", remedy="Sign with another key.")
        return signature

    def _asked(self, letter: bytes, message: JsonObject) -> bytes:
        left, _ = signal.setitimer(signal.ITIMER_REAL, 0)
        self.tell(letter, orjson.dumps(message))
        heard = self.hear()
        if heard is None:
            sys.exit()  # nobody is there any more
        signal.setitimer(signal.ITIMER_REAL, left)
        return heard


def warm(desk: Desk) -> JsonObject:
    """Judge a document that is like most, and forget the report."""
    nobody = ResolvedDocument(resolve_key(parse_did(_NOBODY)), KeyEvidence.IMMUTABLE, Origin.COMPUTED, _DAY)
    return desk.judge(Verify(WARMING.encode(), VerificationMaterial({_NOBODY: nobody}), built_in(), _DAY))


def import_all() -> None:
    """Import now what a task may ask for: none is to pay for that with its own time."""
    for name in LATER:
        importlib.import_module(name)


def attempt(task: Task, desk: Desk, runner: Runner, pipe: Pipe) -> tuple[bytes, bytes]:
    """What is answered to a task.

    Its result, what it needs, the error of a document that is none, or a refusal. Failing that, the kind of failure.
    """
    if task.learned is not None:
        desk.learn(task.learned)
    outside = Outside(task, pipe, desk.told)
    try:
        result = runner.run(desk.do(task.job, outside), outside)
        if result is None:
            return NEED, orjson.dumps({"needs": [need_json(need) for need in outside.wanting]})
        return DONE, orjson.dumps(result, option=orjson.OPT_NON_STR_KEYS)  # names from a list of ours are one kind
    except DocumentError as error:
        told: JsonObject = {"document": {"message": str(error), "code": error.code, "path": error.path}}
    except REFUSALS as error:
        told = {"refused": refusal(error)}
    except MemoryError:
        told = {"failed": "memory"}
    except Exception as error:  # noqa: BLE001 -- the boundary of the process: a bug here is told to the parent by its kind
        told = {"failed": type(error).__name__}
    return REFUSED, orjson.dumps(told)


def mapped() -> int:
    """How many bytes of address space are in use, where the system says so (Linux)."""
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
    except OSError:
        return 0
    return pages * resource.getpagesize()


def end_with(parent: int) -> None:
    """Have the kernel end this process when its parent ends, where the kernel can (Linux)."""
    if sys.platform == "linux":
        import ctypes  # noqa: PLC0415 -- not wanted elsewhere

        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before we asked
        sys.exit()


def limit(memory: int) -> None:
    """Bound the address space; allow neither core dumps, which would hold claims, nor files.

    Where folders are made is looked for before, since that is tried by writing; the typesetter gets an empty one.
    """
    tempfile.gettempdir()
    for kind, amount in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, 0)):
        resource.setrlimit(kind, (amount, amount))


def _text(data: bytes) -> str:
    return b64encode(data).decode("ascii")


if __name__ == "__main__":
    work(int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]))
