"""One process of the pool of judges: `python -m node.adapters.judge PARENT SECONDS MEMORY`.

1. It ends with its parent, even one that was killed.
2. It points standard output elsewhere, so that nothing printed by accident can be taken for an answer.
3. It reads the set-up, the trust of its verifier, and warms up: all is imported, the usual contexts are compiled.
4. It gives up what no job needs: memory beyond the limit, core dumps, writing files.
5. It answers one job after another, each under a timer of its own, until its input ends.
"""

import gc
import os
import pickle
import resource
import signal
import sys
from datetime import UTC, datetime
from typing import BinaryIO, Final

import orjson

from did_methods.did import parse_did
from did_methods.key import resolve_key
from did_methods.multibase import encode_base58btc
from node.adapters.judge_protocol import LENGTH_BYTES, Job, framed
from node.credentials.open_badges_2.objects import BadgeClass
from node.credentials.records import held_in, is_record
from node.credentials.structure import objects_of
from node.documents import DocumentError, JsonObject, JsonValue
from node.verification.material import Origin, ResolvedDocument, VerificationMaterial
from node.verification.open_badges_2.received import ReceivedBadge
from node.verification.policy import KeyEvidence, built_in
from node.verification.received import receive as receive_document
from node.verification.received import subject_of
from node.verification.trust import Trust
from node.verification.verify import verify

MERCY_SECONDS: Final = 1.0
"""How much longer than the pool this process waits before it ends itself: the pool tells the caller why."""
NICE: Final = 5
"""How far this process steps back behind the server, whose event loop has to answer everybody."""
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
    source, answers = sys.stdin.buffer, os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # 2
    trust: Trust = pickle.loads(receive(source) or b"")  # noqa: S301 -- 3: from our own parent
    warm(trust)
    gc.collect()
    gc.freeze()  # what is warm stays: no collection during a job walks over it
    limit(memory)  # 4
    send(answers, {"ready": True})
    while (data := receive(source)) is not None:  # 5
        signal.setitimer(signal.ITIMER_REAL, seconds + MERCY_SECONDS)
        answer = attempt(pickle.loads(data), trust)  # noqa: S301 -- as above
        signal.setitimer(signal.ITIMER_REAL, 0)
        send(answers, answer)


def warm(trust: Trust) -> JsonObject:
    """Judge a document that is like most, and forget the report."""
    nobody = ResolvedDocument(resolve_key(parse_did(_NOBODY)), KeyEvidence.IMMUTABLE, Origin.COMPUTED, _DAY)
    return judge(Job(WARMING.encode(), VerificationMaterial({_NOBODY: nobody}), built_in(), _DAY), trust)


def attempt(job: Job | bytes, trust: Trust) -> JsonObject:
    """The answer to one job: the report on it, or the outline of bare bytes, or the error of a document that is none.

    Failing that, the kind of failure.
    """
    try:
        if isinstance(job, bytes):
            return {"outline": outline(subject_of(job))}
        return {"report": judge(job, trust)}
    except DocumentError as error:
        return {"document": {"message": str(error), "code": error.code, "path": error.path}}
    except MemoryError:
        return {"failed": "memory"}
    except Exception as error:  # noqa: BLE001 -- the boundary of the process: a bug here is told to the parent by its kind
        return {"failed": type(error).__name__}


def outline(subject: JsonValue) -> JsonValue:
    """The members of a document that gathering looks at: types, issuers, methods, status lists, what is presented.

    A document in an envelope is told as one without, whose proof has the method of the envelope.
    """
    if isinstance(subject, list):
        return [outline(part) for part in subject]
    received = receive_document(subject)
    if received.badge is not None:
        return _outline_of_badge(received.badge)
    if received.typed:
        return received.whole
    subject = received.value
    if not isinstance(subject, dict):
        return None
    issuer, proofs, held = subject.get("issuer"), subject.get("proof"), subject.get("verifiableCredential")
    methods: list[JsonValue] = [] if received.envelope is None else [received.envelope.verification_method]
    methods += [
        proof.get("verificationMethod")
        for proof in (proofs if isinstance(proofs, list) else [proofs])
        if isinstance(proof, dict)
    ]
    found: JsonObject = {
        "type": subject.get("type"),
        "issuer": issuer.get("id") if isinstance(issuer, dict) else issuer,
        "proof": [{"verificationMethod": method} for method in methods],
    }
    if "credentialStatus" in subject:
        found["credentialStatus"] = [
            {name: entry.get(name) for name in ("type", "statusListCredential")}
            for entry in objects_of(subject, "credentialStatus")
        ]
    if is_record(subject):
        found["credentialSubject"] = {"verifiableCredential": [outline(part) for part, _ in held_in(subject)]}
    if held is not None:
        found["verifiableCredential"] = [outline(part) for part in held] if isinstance(held, list) else outline(held)
    return found


_OF_BADGE: Final[tuple[str, ...]] = ("id", "uid", "type", "verification", "verify")


def _outline_of_badge(badge: ReceivedBadge) -> JsonValue:
    """Of a badge of Open Badges 2 where it is hosted, and whose it says it is; a signed one whole, as it came."""
    if badge.jws is not None:
        return badge.jws.text
    said, inside = badge.document, badge.assertion.badge
    found: JsonObject = {name: said[name] for name in _OF_BADGE if name in said}
    found["recipient"] = None
    found["badge"] = inside.iri
    if inside.copy is not None:
        found["badge"] = {"id": inside.iri, "issuer": BadgeClass(inside.copy).issuer.iri}
    return found


def judge(job: Job, trust: Trust) -> JsonObject:
    """The report on one document; raises DocumentError for bytes that are none."""
    subject = subject_of(job.document)
    report = verify(subject, job.material, job.policy, job.at, trust=trust, request=job.request, beside=job.beside)
    return report.to_json()


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
    target.write(framed(orjson.dumps(answer)))
    target.flush()


if __name__ == "__main__":
    work(int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]))
