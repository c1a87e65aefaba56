"""ACA-Py's own credential code, timed in its own environment: one JSON request per line in, one answer per line out.

Runs under the interpreter of `.venv-acapy`; imports nothing of glejt. Contexts come with the first request and did:key
documents from ACA-Py's own resolver code, so nothing is fetched. Keys stay in memory instead of its wallet, which
spares ACA-Py a database: its server is slower than this.
"""

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from acapy_agent.did.did_key import DIDKey
from acapy_agent.vc.ld_proofs import Ed25519Signature2020, KeyPair
from acapy_agent.vc.vc_ld.issue import issue
from acapy_agent.vc.vc_ld.verify import verify_credential
from acapy_agent.wallet.crypto import create_ed25519_keypair, sign_message, verify_signed_message
from acapy_agent.wallet.key_type import ED25519
from acapy_agent.wallet.util import b58_to_bytes

type Work = Callable[[dict[str, Any], "Documents"], Awaitable[Any]]

SEED = b"a key of the bench, worth nothing"[:32]


class MemoryKeyPair(KeyPair):
    """A key pair on ACA-Py's own signing functions; its members are those of its base class."""

    def __init__(self, public: bytes | None, secret: bytes | None = None) -> None:
        self._public = public
        self._secret = secret

    @property
    def has_public_key(self) -> bool:
        """Whether there is a key to verify with already."""
        return self._public is not None

    @property
    def public_key(self) -> bytes | None:
        """The 32 bytes of the key."""
        return self._public

    async def sign(self, message: bytes) -> bytes:
        """The 64 bytes of an Ed25519 signature."""
        return sign_message(message, self._secret, ED25519)

    async def verify(self, message: bytes, signature: bytes) -> bool:
        """Whether the signature holds."""
        return verify_signed_message(message, signature, self._public, ED25519)

    def from_verification_method(self, verification_method: dict[str, Any]) -> "MemoryKeyPair":
        """The key of ACA-Py's did:key documents, which write it in base58."""
        return MemoryKeyPair(b58_to_bytes(verification_method["publicKeyBase58"]))


class Documents:
    """A document loader over what was handed over."""

    def __init__(self, contexts: dict[str, Any]) -> None:
        self._contexts = contexts
        self._controllers: dict[str, Any] = {}

    def __call__(self, url: str, _options: dict[str, Any]) -> dict[str, Any]:
        """What JSON-LD processing asks for by URL."""
        document = self._contexts.get(url)
        if document is None:
            did = url.partition("#")[0]
            if did not in self._controllers:
                self._controllers[did] = DIDKey.from_did(did).did_doc
            document = self._controllers[did]
        return {"contentType": "application/ld+json", "contextUrl": None, "documentUrl": url, "document": document}


async def issued(document: dict[str, Any], documents: Documents) -> dict[str, Any]:
    """The document, signed; ACA-Py writes the proof into the dictionary it is given."""
    public, secret = create_ed25519_keypair(SEED)
    key = DIDKey.from_public_key(public, ED25519)
    suite = Ed25519Signature2020(
        key_pair=MemoryKeyPair(public, secret), verification_method=key.key_id, date=datetime.now(UTC)
    )
    return await issue(credential=document, suite=suite, document_loader=documents)


async def verified(document: dict[str, Any], documents: Documents) -> None:
    """Return if ACA-Py accepts the credential."""
    suite = Ed25519Signature2020(key_pair=MemoryKeyPair(None))
    result = await verify_credential(credential=document, suites=[suite], document_loader=documents)
    if not result.verified:
        raise ValueError(f"ACA-Py refused its own credential: {result.errors}")


async def samples(work: Work, subjects: list[dict[str, Any]], documents: Documents) -> list[float]:
    """Milliseconds for each of the subjects."""
    taken = []
    for subject in subjects:
        start = time.perf_counter()
        await work(subject, documents)
        taken.append((time.perf_counter() - start) * 1000)
    return taken


async def answer(request: dict[str, Any], documents: Documents) -> Any:  # noqa: ANN401 - what JSON can carry
    """Do one request: `did` names the issuer, `issue` and `verify` are timed, `sign` is not."""
    match request["op"]:
        case "did":
            public, _ = create_ed25519_keypair(SEED)
            return DIDKey.from_public_key(public, ED25519).did
        case "sign":
            return [await issued(document, documents) for document in request["subjects"]]
        case "issue":
            return await samples(issued, request["subjects"], documents)
        case "verify":
            return await samples(verified, request["subjects"], documents)
        case unknown:
            raise ValueError(f"no such operation: {unknown}")


async def main() -> None:
    """Answer until the input ends."""
    documents = Documents({})
    for line in sys.stdin:
        request = json.loads(line)
        if request["op"] == "contexts":
            documents = Documents(request["documents"])
            result: Any = len(request["documents"])
        else:
            result = await answer(request, documents)
        print(json.dumps({"id": request["id"], "ok": result}), flush=True)


asyncio.run(main())
