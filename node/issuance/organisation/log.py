"""The log of events of an organisation: its pages, its export, and the end of it in the organisation's signature.

Each entry has the digest of the one before, so whoever knows the digest of the last knows them all. A signed head says
which that was at a time; an anchored one says it so that nobody can say another thing later. With both at hand, an
export names the first entry that is not what was recorded.

    export: one entry a line, as JSON, from the first on
    head:   a compact JWS over number, digest and time, by a key of the organisation's DID

Spec: https://www.rfc-editor.org/rfc/rfc7515#section-7.1
"""

import hashlib
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import orjson

from did_methods.did import parse_did_url
from did_methods.errors import DidMethodsError
from node.documents import DocumentError, JsonObject, parse_object
from node.issuance.errors import AuditError
from node.ports.api_keys import Caller
from node.ports.organisations import OrganisationId, Profile, State
from node.ports.oversight import FIRST, AuditEntry, Event, SignedHead, digest_of
from node.ports.store import Store, View
from node.ports.vault import KeyPurpose, KeyState, Vault
from node.proofs.canonicalize.jcs import jcs
from node.proofs.errors import ProofsError
from node.proofs.jose.algorithms import SIGNING, VerificationKey
from node.proofs.jose.jws import parse_jws, prepare_jws, verify_jws
from node.verification.receipt_subject import subject_of

PAGE: Final = 1000
TYP: Final = "glejt-audit-head+jwt"
"""The type in the header, so that no head passes for a credential, nor the other way round."""
FORM: Final = "audit-head"
"""What a receipt of a head calls what it is of."""
MAX_LINE_BYTES: Final = 256 * 1024
MAX_HEAD_BYTES: Final = 8 * 1024
CONTRADICTED: Final = "audit.contradicted"
"""Two signed ends are of different logs."""
_TAG: Final = b"glejt/audit-head/v1"


@dataclass(frozen=True, slots=True)
class Head:
    """Which entry was the last of a log at a time, by the word of `issuer`."""

    issuer: str
    organisation: str
    number: int
    digest: bytes
    at: datetime


@dataclass(frozen=True, slots=True)
class Checked:
    """What became of an export: how many entries it has, and the first that is not what was recorded, if any.

    `sure` is the last entry that a head bears out. Where the entries hold together and a later head does not fit, they
    were all written anew from some entry on: one after `sure`, and up to `fault`.
    """

    entries: int
    fault: int | None
    sure: int


@dataclass(frozen=True, slots=True)
class LogDesk:
    """The use cases of those who may read the log."""

    store: Store
    vault: Vault

    async def page(self, caller: Caller, *, after: int = 0, limit: int = 100) -> tuple[AuditEntry, ...]:
        """The entries after this number."""
        async with self.store.view(caller.organisation) as view:
            return await view.audit.entries(after=after, limit=min(limit, PAGE))

    async def export(self, caller: Caller) -> AsyncIterator[bytes]:
        """The whole log up to now, in lines; read page by page, as what is there never changes."""
        async with self.store.view(caller.organisation) as view:
            last, _ = await view.audit.head()
        after = 0
        while after < last and (entries := await self.page(caller, after=after, limit=PAGE)):
            yield b"".join(line(entry) for entry in entries if entry.number <= last)
            after = entries[-1].number

    async def heads(self, caller: Caller, limit: int = 100) -> tuple[SignedHead, ...]:
        """The heads that were signed, the latest first."""
        async with self.store.view(caller.organisation) as view:
            return await view.audit.signed_heads(limit=limit)

    async def sign(self, organisation: OrganisationId, at: datetime) -> SignedHead | None:
        """The present head, signed and kept; the latest one where nothing was added since.

        None for an organisation that has no log yet, or no profile whose key can sign it.
        """
        async with self.store.view(organisation) as view:
            number, digest = await view.audit.head()
            latest = await view.audit.signed_heads(limit=1)
            profile = await _signing(view)
        if latest and latest[0].number == number:
            return latest[0]
        if not number or profile is None:
            return None
        keys = await self.vault.keys(organisation, KeyPurpose.ASSERTION)
        payload = jcs(
            {
                "iss": profile.did,
                "organisation": organisation,
                "number": number,
                "digest": digest.hex(),
                "at": at.isoformat(),
            }
        )
        unsigned = prepare_jws({"typ": TYP, "kid": profile.key}, payload, keys.public_key(profile.key))
        signed = unsigned.complete(await keys.sign(profile.key, unsigned.signing_input))
        head = SignedHead(number, at, signed.encode())
        await self.store.change(organisation, lambda unit: unit.audit.keep_head(head))
        return head


def commitment_to(head: SignedHead) -> bytes:
    """The commitment to a signed head, which goes into a batch as that of a credential does."""
    return hashlib.sha256(_TAG + len(head.signed).to_bytes(4) + head.signed).digest()


def subject_of_head(organisation: str, number: int) -> bytes:
    """What the receipt of a head is of."""
    return subject_of(f"{organisation} {number}", FORM)


def read_head(signed: bytes, key: VerificationKey, *, issuer: str) -> Head:
    """What a signed head says; raises AuditError where it is not the issuer's, by this key.

    The key has to be the one that its DID document lists under the head's `kid`; see `key_of_head`.
    """
    try:
        jws = parse_jws(signed.decode("ascii").strip(), max_payload_bytes=MAX_HEAD_BYTES)
        verify_jws(jws, key, algorithms=frozenset(each.name for each in SIGNING.values()))
        stated = parse_object(jws.payload, max_bytes=MAX_HEAD_BYTES)
        head = Head(
            str(stated["iss"]),
            str(stated["organisation"]),
            _number(stated["number"]),
            bytes.fromhex(str(stated["digest"])),
            datetime.fromisoformat(str(stated["at"])),
        )
        owner = str(parse_did_url(jws.kid or "").did)
    except (ProofsError, DocumentError, DidMethodsError, KeyError, ValueError) as error:
        raise AuditError(
            f"the head of the log does not hold: {str(error)[:200]}",
            code="audit.head",
            remedy="Get it from the organisation again, or from whoever kept it.",
        ) from error
    if jws.typ != TYP or head.issuer != issuer or owner != issuer:
        raise AuditError(
            f"the head is not one by {issuer[:200]}",
            code="audit.head",
            remedy="Name the DID of the organisation whose log this is; a head by anybody else says nothing about it.",
        )
    return head


def key_of_head(signed: bytes) -> str:
    """By which verification method a head says that it is signed; nothing of it is checked."""
    try:
        return parse_jws(signed.decode("ascii").strip(), max_payload_bytes=MAX_HEAD_BYTES).kid or ""
    except (ProofsError, ValueError) as error:
        raise AuditError(
            f"this is no signed head: {str(error)[:200]}",
            code="audit.head",
            remedy="Give the text of the head, as GET /organisation/audit/heads shows it.",
        ) from error


def check_export(lines: Iterable[bytes], heads: Sequence[Head]) -> Checked:
    """Compare an export with one or several heads; entries after the last have no other word than their own.

    1. Each line is an entry. One that cannot be read is not what was recorded.
    2. Each has the number after the one before, and its digest, and its own digest over all it says.
    3. Where a head is, the digest is the head's.
    4. The export goes at least as far as the last head.
    """
    if len({head.organisation for head in heads}) != 1:
        raise AuditError(
            "the heads are not of one log",
            code="audit.head",
            remedy="Give heads of one organisation, and at least one.",
        )
    organisation, expected = heads[0].organisation, {head.number: head.digest for head in heads}
    if contradicted := next((head.number for head in heads if expected[head.number] != head.digest), None):
        raise AuditError(
            f"two ends were signed at number {contradicted}, and they are of different logs",
            code=CONTRADICTED,
            remedy="Keep both: together they show that the log was written anew. Ask the organisation about it.",
        )
    number, previous, sure = 0, FIRST, 0
    fault: int | None = None
    for data in lines:
        number += 1
        if fault is not None:
            continue
        entry = _entry(data)  # 1.
        if (
            entry is None
            or (entry.number, entry.previous) != (number, previous)  # 2.
            or entry.digest != digest_of(organisation, number, previous, entry.event)
            or expected.get(number, entry.digest) != entry.digest  # 3.
        ):
            fault = number
            continue
        sure = number if number in expected else sure
        previous = entry.digest
    if fault is None and number < max(expected):  # 4.
        fault = number + 1
    return Checked(number, fault, sure)


def line(entry: AuditEntry) -> bytes:
    """An entry as a line of an export."""
    return orjson.dumps(to_json(entry)) + b"\n"


def to_json(entry: AuditEntry) -> JsonObject:
    """An entry as it is shown."""
    event = entry.event
    return {
        "number": entry.number,
        "at": event.at.isoformat(),
        "actor": event.actor,
        "action": event.action,
        "subject": event.subject,
        "details": dict(event.details),
        "previous": entry.previous.hex(),
        "digest": entry.digest.hex(),
    }


def _entry(data: bytes) -> AuditEntry | None:
    try:
        stated = parse_object(data, max_bytes=MAX_LINE_BYTES)
        details = stated["details"]
        at, actor, action, subject = (stated[name] for name in ("at", "actor", "action", "subject"))
        if not isinstance(details, dict) or not all(isinstance(each, str) for each in (at, actor, action, subject)):
            return None
        event = Event(datetime.fromisoformat(str(at)), str(actor), str(action), str(subject), details)
        previous, digest = (bytes.fromhex(str(stated[name])) for name in ("previous", "digest"))
        return AuditEntry(_number(stated["number"]), event, previous, digest)
    except (DocumentError, KeyError, ValueError):
        return None


def _number(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError("the number is no whole number from one on")
    return value


async def _signing(view: View) -> Profile | None:
    """The first profile whose key signs JSON Web Signatures, and is in use."""
    kinds = {record.id: record.public.type for record in await view.keys.records() if record.state is KeyState.ACTIVE}
    for profile in await view.identities.profiles():
        if profile.state is State.ACTIVE and kinds.get(profile.key) in SIGNING:
            return profile
    return None


def in_lines(data: bytes) -> Iterator[bytes]:
    """The lines of a file; an empty one at the end is none."""
    return (each for each in data.split(b"\n") if each)
