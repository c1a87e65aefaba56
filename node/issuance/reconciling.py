"""After a restore: what a list said when it was published last is taken over, before it is published again.

A backup is of the past, and what was withdrawn since then is not in it. Published as it is, the list would make good
again what is withdrawn. So a version that was published is needed, from any mirror, or from whoever has a copy.

1. A copy counts if it is of this list, and signed by a key of this organisation for this profile's DID.
2. Of several the latest counts, by the date that it states. Where the list has a head on a chain, only the version that
   the head names counts: an older one would bring back what was withdrawn after it.
3. The clock is not behind that date: the next version has to be a later one.
4. The values are taken over, and the list is published.

Without a head nobody can tell whether a later version was published: then it is for a person to say that it was not.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from anchoring.facts import HeadOf, StatusHead
from anchoring.heads import digest_of, list_id
from did_methods.did import parse_did_url
from did_methods.errors import DidMethodsError
from node.credentials.errors import TimestampError
from node.credentials.timestamps import format_timestamp, parse_timestamp
from node.documents import DocumentError, JsonObject, parse_object
from node.issuance.background.batches import named
from node.issuance.errors import NotIssuableError
from node.ports.api_keys import Caller
from node.ports.chains import Chains
from node.ports.errors import RuleError
from node.ports.key_store import KeyNotHeldError, KeyStore
from node.ports.oversight import Event
from node.ports.status_rows import TOKEN_LIST, ListRecord
from node.ports.store import Store, UnitOfWork
from node.ports.vault import KeyPurpose, Vault
from node.ports.work import HEADS_OPTION, publish_list
from node.proofs.data_integrity import verify_proof
from node.proofs.errors import ProofsError
from node.proofs.jose.algorithms import SIGNING
from node.proofs.jose.jws import parse_jws, verify_jws
from node.proofs.jose.jwt import moment_of
from node.proofs.proof import proofs_of
from node.status.bitstring import Bitstring
from node.status.errors import StatusError
from node.status.status_list import read_status_list
from node.status.token_status_list import read_token_status_list
from node.verification.received import read_text
from node.verification.trust import Trust
from node.verification.vocabulary import vocabulary

ALGORITHMS: Final = frozenset(each.name for each in SIGNING.values())
ASSERTION: Final = "assertionMethod"


@dataclass(frozen=True, slots=True)
class Copy:
    """A version of a list that its own issuer signed."""

    document: bytes
    date: datetime
    values: dict[int, int]


@dataclass(frozen=True, slots=True)
class Reconciling:
    """Takes over what was published."""

    store: Store
    vault: Vault
    trust: Trust
    now: Callable[[], datetime]
    chains: Chains | None = None

    async def reconcile(self, caller: Caller, list_name: str, copies: Sequence[bytes]) -> int:
        """Compare a restored list with these copies; how many places changed. It is published thereafter.

        Raises NotIssuableError where no copy counts, RuleError for a list that was not restored or has a later head.
        """
        organisation, now = caller.organisation, self.now()
        async with self.store.view(organisation) as view:
            record = await view.status.find(list_name)
            profile = await view.identities.profile(record.profile)
        keys = await self.vault.keys(organisation, KeyPurpose.ASSERTION)
        own = await asyncio.to_thread(self._of_ours, copies, record, profile.did, keys)  # 1.
        head = await self._head(caller, record, profile.options.get(HEADS_OPTION))
        counting = [each for each in own if head is None or digest_of(each.document) == head.digest]  # 2.
        if not counting:
            raise NotIssuableError(
                "none of the copies is the version of this list that counts",
                code="issuance.copy",
                remedy="Get the version that was published last, from a mirror, or from whoever verified lately.",
            )
        latest = max(counting, key=lambda each: each.date)
        if latest.date > now:  # 3.
            raise NotIssuableError(
                f"the list is of {format_timestamp(latest.date)}, and the clock says {format_timestamp(now)}",
                code="issuance.clock",
                remedy="Set the clock: a version with an earlier date would not count.",
            )

        async def work(unit: UnitOfWork) -> int:  # 4.
            changed = await unit.status.reconcile(list_name, latest.values, now)
            await unit.outbox.add([publish_list(list_name, now)])
            details: JsonObject = {"key": caller.key, "changed": changed, "of": format_timestamp(latest.date)}
            unit.audit.record(Event(now, caller.actor, "status.reconcile", list_name, details))
            return changed

        return await self.store.change(organisation, work)

    async def _head(self, caller: Caller, record: ListRecord, namespace: object) -> StatusHead | None:
        if not isinstance(namespace, str):
            return None
        if self.chains is None:
            raise RuleError(
                "the list has a head on a chain, and this node has no access to it",
                code="status.head",
                remedy="Give the node access to the chain: the head says which version was the last.",
            )
        name = named(namespace)
        site = await self.chains.site(caller.organisation, name)
        fact = await site.fact(HeadOf(name.namespace, list_id(record.url)))
        return fact if isinstance(fact, StatusHead) else None

    def _of_ours(self, copies: Sequence[bytes], record: ListRecord, did: str, keys: KeyStore) -> list[Copy]:
        return [found for each in copies if (found := self._own(each, record, did, keys)) is not None]

    def _own(self, document: bytes, record: ListRecord, did: str, keys: KeyStore) -> Copy | None:
        """Step 1; None for what somebody else signed, or is of another list."""
        try:
            text = document.decode().strip()
            if record.purpose == TOKEN_LIST:
                return _token_list(document, text, record, did, keys)
            value = read_text(text).value
            if not isinstance(value, dict):
                return None
            self._check(text, value, did, keys)
            content = read_status_list(value)
            if content.id != record.url or content.purposes != {record.purpose}:
                return None
            values = dict(Bitstring(content.data, record.size).nonzero())
            return Copy(document, parse_timestamp(value["validFrom"]), values)
        except (
            UnicodeDecodeError,
            DocumentError,
            ProofsError,
            StatusError,
            TimestampError,
            KeyNotHeldError,
            DidMethodsError,
            KeyError,
        ):
            return None

    def _check(self, text: str, value: JsonObject, did: str, keys: KeyStore) -> None:
        if text[:1] != "{":
            _check_token(text, did, keys)
            return
        proof = proofs_of(value)[0]
        if value.get("issuer") != did or proof.proof_purpose != ASSERTION:
            raise KeyNotHeldError("its issuer has not signed it")
        method = proof.verification_method or ""
        _require_of(did, method)
        verify_proof(value, proof, keys.public_key(method), jsonld=vocabulary(self.trust.contexts).jsonld)


def _token_list(document: bytes, text: str, record: ListRecord, did: str, keys: KeyStore) -> Copy | None:
    _check_token(text, did, keys)
    claims = parse_object(parse_jws(text).payload)
    content, date = read_token_status_list(claims), moment_of(claims.get("iat"))
    if (content.uri, content.issuer, content.size) != (record.url, did, record.size) or date is None:
        return None
    return Copy(document, date, dict(content.nonzero()))


def _check_token(text: str, did: str, keys: KeyStore) -> None:
    jws = parse_jws(text)
    method = jws.kid or ""
    _require_of(did, method)
    verify_jws(jws, keys.public_key(method), algorithms=ALGORITHMS)


def _require_of(did: str, method: str) -> None:
    if str(parse_did_url(method).did) != did:
        raise KeyNotHeldError("another issuer has signed it")
