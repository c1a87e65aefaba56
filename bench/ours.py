"""glejt's side of the bench, and the floor: what cannot be saved whoever writes the code."""

import hashlib
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
from nacl.bindings import crypto_sign_open
from nacl.signing import SigningKey

from did_methods.multikey import KeyType, PrivateKey, PublicKey
from node.adapters.held_keys import HeldKeys
from node.app import sources
from node.credentials.contexts import BUNDLED
from node.credentials.micro_credential.readers.open_badges import remembered
from node.credentials.pictures.picture import unbake
from node.documents import JsonObject, parse
from node.issuance.batch import Batch
from node.issuance.secure import Signing, SigningProfile
from node.proofs.data_integrity import add_proof, verify_proof
from node.proofs.jsonld import JsonLd
from node.proofs.options import ProofOptions
from node.proofs.proof import proofs_of
from node.proofs.signatures import local_signer
from node.verification.gather import gather
from node.verification.policy import built_in
from node.verification.report import Verdict
from node.verification.trust import NO_TRUST
from node.verification.verify import verify
from node.verification.vocabulary import vocabulary

SUITE = "eddsa-rdfc-2022"
CREATED = datetime(2026, 4, 1, 12, tzinfo=UTC)
AT = datetime(2026, 5, 1, 12, tzinfo=UTC)


def samples(work: Callable[[Any], object], subjects: Sequence[Any]) -> list[float]:
    """Milliseconds for each of the subjects, one after the other."""
    taken = []
    for subject in subjects:
        start = time.perf_counter()
        work(subject)
        taken.append((time.perf_counter() - start) * 1000)
    return taken


async def awaited_samples(work: Callable[[Any], Awaitable[object]], subjects: Sequence[Any]) -> list[float]:
    """The same on a running event loop, as in a server."""
    taken = []
    for subject in subjects:
        start = time.perf_counter()
        await work(subject)
        taken.append((time.perf_counter() - start) * 1000)
    return taken


class Glejt:
    """An issuer and a verifier in one process, warm as a server is."""

    def __init__(self) -> None:
        self._jsonld = JsonLd(BUNDLED)
        self.private = PrivateKey.generate(KeyType.ED25519)
        self.public = self.private.public.to_multibase()
        self.did = f"did:key:{self.public}"
        self.method = f"{self.did}#{self.public}"
        self._signer = local_signer(self.private)
        self._policy = built_in()
        self._sources = sources()

    def issue(self, badge: JsonObject) -> JsonObject:
        """Add a proof to a credential never seen before, by the general path: no template."""
        options = ProofOptions(cryptosuite=SUITE, verification_method=self.method, created=CREATED)
        return add_proof(badge, options, self._signer, jsonld=self._jsonld)

    def batch(self) -> Batch:
        """A batch of this issuer, with the usual share of credentials verified before they leave."""
        profile = SigningProfile(self.did, self.method, SUITE)
        return Batch(Signing(profile, HeldKeys({self.method: self.private}), NO_TRUST), created=CREATED)

    def proof(self, badge: JsonObject) -> None:
        """Verify the proof alone, its key read from the verification method."""
        (proof,) = proofs_of(badge)
        key = PublicKey.from_multibase((proof.verification_method or "").partition("#")[2])
        verify_proof(badge, proof, key, jsonld=self._jsonld)

    async def whole(self, text: bytes) -> bytes:
        """All of a verification: parse strictly, gather, judge every check, write the report."""
        subject = parse(text)
        material = await gather(subject, self._sources, NO_TRUST)
        report = verify(subject, material, self._policy, AT)
        if report.verdict is not Verdict.ACCEPTED:
            raise ValueError(f"the bench's own badge was not accepted: {report.to_json()}")
        return orjson.dumps(report.to_json())

    async def whole_picture(self, image: bytes) -> bytes:
        """The same for a badge in a picture."""
        return await self.whole(unbake(image).text)

    async def whole_anew(self, text: bytes) -> bytes:
        """The same of an achievement of which no award was ever met, by an issuer of whom no document was."""
        remembered.cache_clear()
        vocabulary(NO_TRUST.contexts).recurring.forget()
        return await self.whole(text)


class Floor:
    """Ed25519, SHA-256 and parsing, with nothing in between: the canonical form is given."""

    def __init__(self, private: PrivateKey, canonical: bytes, configuration: bytes) -> None:
        self._key = SigningKey(private.raw)
        self._public = private.public.raw
        self._canonical = canonical
        self._configuration = configuration
        self._signature = self._key.sign(self._hash_data()).signature

    def _hash_data(self) -> bytes:
        return hashlib.sha256(self._configuration).digest() + hashlib.sha256(self._canonical).digest()

    def issue(self, text: bytes) -> None:
        """Parse, hash, sign."""
        orjson.loads(text)
        self._key.sign(self._hash_data())

    def issue_one(self, badge: JsonObject) -> None:
        """Write, hash, sign: what a batch cannot do without."""
        orjson.dumps(badge)
        self._key.sign(self._hash_data())

    def verify(self, text: bytes) -> None:
        """Parse, hash, verify."""
        orjson.loads(text)
        crypto_sign_open(self._signature + self._hash_data(), self._public)
