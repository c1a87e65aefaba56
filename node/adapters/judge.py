"""One process of the pool of judges: `python -m node.adapters.judge PARENT SECONDS MEMORY`.

1. It ends with its parent, even one that was killed.
2. It points standard output elsewhere, so that nothing printed by accident can be taken for an answer.
3. It reads the set-up: the trust of its verifier. It warms up: everything is imported, the usual contexts are compiled.
4. It gives up what no job needs: memory beyond the limit, core dumps, writing files.
5. It answers one job after another, each under a timer of its own, until its input ends.

Jobs come as pickles, because only the parent writes them. Answers go as JSON, because this process reads what strangers
wrote, and the parent must be able to distrust it.
"""

import gc
import os
import pickle
import resource
import signal
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import BinaryIO, Final

import orjson

from node.documents import MAX_PRESENTATION_BYTES, DocumentError, JsonObject, parse
from node.verification.case import Request
from node.verification.material import VerificationMaterial
from node.verification.policy import Policy, built_in
from node.verification.trust import Trust
from node.verification.verify import verify

LENGTH_BYTES: Final = 4
MERCY_SECONDS: Final = 1.0
"""How much longer than the parent this process waits before it ends itself: the parent tells the caller why."""
PR_SET_PDEATHSIG: Final = 1  # linux/prctl.h

WARMING: Final = b"""{
 "@context": ["https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"],
 "id": "urn:uuid:00000000-0000-4000-8000-000000000000", "type": ["VerifiableCredential", "OpenBadgeCredential"],
 "issuer": {"id": "did:key:z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH", "type": ["Profile"], "name": "Nobody"},
 "validFrom": "2026-01-01T00:00:00Z", "name": "Nothing", "credentialSubject": {"type": ["AchievementSubject"],
  "achievement": {"id": "urn:uuid:00000000-0000-4000-8000-000000000001", "type": ["Achievement"], "name": "Nothing",
   "description": "Nothing", "criteria": {"narrative": "None"}}}}"""
"""A document that has the compiler read the contexts that most documents use. It is judged and forgotten."""


@dataclass(frozen=True, slots=True)
class Job:
    """One document to be judged, with everything that was gathered for it."""

    document: bytes
    material: VerificationMaterial
    policy: Policy
    at: datetime
    request: Request | None = None


def work(parent: int, seconds: float, memory: int) -> None:
    """The life of one process."""
    end_with(parent)  # 1
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    source, answers = sys.stdin.buffer, os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # 2
    trust: Trust = pickle.loads(receive(source) or b"")  # noqa: S301 -- from our own parent  # 3
    judge(Job(WARMING, VerificationMaterial(), built_in(), datetime(2026, 1, 1, tzinfo=UTC)), trust)
    gc.collect()
    gc.freeze()  # what is warm stays: no collection during a job walks over it
    limit(memory)  # 4
    send(answers, {"ready": True})
    while (data := receive(source)) is not None:  # 5
        signal.setitimer(signal.ITIMER_REAL, seconds + MERCY_SECONDS)
        answer = attempt(pickle.loads(data), trust)  # noqa: S301 -- as above
        signal.setitimer(signal.ITIMER_REAL, 0)
        send(answers, answer)


def attempt(job: Job, trust: Trust) -> JsonObject:
    """The answer to one job: the report, the error of a document that is none, or what kind of failure it was."""
    try:
        return {"report": judge(job, trust)}
    except DocumentError as error:
        return {"document": {"message": str(error), "code": error.code, "path": error.path}}
    except MemoryError:
        return {"failed": "memory"}
    except Exception as error:  # noqa: BLE001 -- the boundary of the process: a bug here is told to the parent by its kind
        return {"failed": type(error).__name__}


def judge(job: Job, trust: Trust) -> JsonObject:
    """The report on one document; raises DocumentError for bytes that are none."""
    subject = parse(job.document, max_bytes=MAX_PRESENTATION_BYTES)
    return verify(subject, job.material, job.policy, job.at, trust=trust, request=job.request).to_json()


def end_with(parent: int) -> None:
    """Have the kernel end this process when its parent ends, where the kernel can (Linux)."""
    if sys.platform == "linux":
        import ctypes  # noqa: PLC0415 -- not wanted elsewhere

        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before we asked
        sys.exit()


def limit(memory: int) -> None:
    """Bound the address space; allow neither core dumps, which would hold claims, nor files."""
    for kind, amount in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, 0)):
        resource.setrlimit(kind, (amount, amount))


def receive(source: BinaryIO) -> bytes | None:
    """The next message, None at the end of the input."""
    length = source.read(LENGTH_BYTES)
    return source.read(int.from_bytes(length)) if len(length) == LENGTH_BYTES else None


def send(target: BinaryIO, answer: JsonObject) -> None:
    """Send one answer."""
    data = orjson.dumps(answer)
    target.write(len(data).to_bytes(LENGTH_BYTES) + data)
    target.flush()


if __name__ == "__main__":
    work(int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]))
