"""Another award in the place of one: with a mistake corrected, the same once more, or for longer.

1. What the old credential says is read out of what was signed, without what belongs to that one alone: its identifier,
   its places in status lists, the records that it names, the claims of a token, its proof.
2. What is asked for is changed in it, and the issuer becomes the DID of the profile that signs.
3. It is issued as any other (see `node.issuance.issuing`): the intent names the old award, so no two take its place. As
   the new one is stored, the old one is withdrawn, its list ordered, the holder told, in the same transaction.

A process that dies before 3 was stored leaves the old one as it was. The same request goes on; another one begins anew,
for what was signed before was never handed out.

Spec: https://www.rfc-editor.org/rfc/rfc7396
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from node.credentials.errors import TimestampError
from node.credentials.record_name import named_records
from node.credentials.timestamps import format_timestamp, parse_timestamp
from node.documents import DocumentError, JsonObject, JsonValue
from node.issuance.aftercare.changing import check_reason
from node.issuance.errors import NotIssuableError
from node.issuance.issuing import Issued, IssueOrder, Issuing
from node.ports.aftercare import Change, Reason, Replacement
from node.ports.api_keys import Caller
from node.ports.awarding import AwardState, Secured
from node.ports.errors import RuleError
from node.ports.oversight import Approval
from node.ports.store import Store
from node.proofs.jose.jwt import REGISTERED_CLAIMS
from node.verification.received import read_text

OF_ONE: Final = REGISTERED_CLAIMS | {"id", "proof", "credentialStatus", "_sd_alg"}
"""Members of a signed credential that no other one takes over."""
MAX_DEPTH: Final = 32
"""Of changes within changes; no credential is that deep."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplaceOrder:
    """Which award another one is to take the place of, and how that differs."""

    award: str
    change: Change
    reason: Reason
    changes: JsonObject | None = None
    """What is to be otherwise: members to put in, those that are null to leave out."""
    credential: JsonObject | None = None
    """All that it is to say, instead."""
    valid_until: str | None = None
    profile: str | None = None
    mandatory: tuple[str, ...] = ()
    granted: str | None = None

    @property
    def asked(self) -> JsonObject:
        """All that is asked for, beside award, change and reason."""
        said: JsonObject = {
            "changes": self.changes,
            "credential": self.credential,
            "validUntil": self.valid_until,
            "mandatoryPointers": list(self.mandatory),
        }
        return {name: value for name, value in said.items() if value}


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacing:
    """The use case, with what it stands on."""

    store: Store
    issuing: Issuing
    now: Callable[[], datetime]

    async def replace(self, caller: Caller, order: ReplaceOrder) -> Issued | Approval:
        """The credential that takes the place, signed and stored; or what a second person has to agree to first.

        Raises AbsentError, RuleError for an award that cannot be replaced, NotIssuableError for what is asked for, and
        what issuing raises.
        """
        check_reason(order.change, order.reason)
        async with self.store.view(caller.organisation) as view:
            found = await view.awards.find(order.award)
            profile = await view.identities.profile(order.profile or found.profile)
            forms = await view.awards.credentials(order.award)
        if found.state is not AwardState.ISSUED:
            raise RuleError(
                "nothing was issued yet by this award that could be replaced",
                code="award.unissued",
                remedy="Cancel it, and award it anew.",
            )
        preferred = sorted(forms, key=lambda each: each.form != profile.form)
        document = await asyncio.to_thread(_document, order, preferred, self.now())
        return await self.issuing.issue(
            caller,
            IssueOrder(
                profile=profile.id,
                credential=_by(document, profile.did),
                mandatory=order.mandatory,
                replacing=Replacement(order.award, order.change, order.reason, order.asked),
                granted=order.granted,
            ),
        )


def _document(order: ReplaceOrder, forms: list[Secured], at: datetime) -> JsonObject:
    """Steps 1 and 2."""
    if order.credential is not None:
        same = {each.credential for each in forms}
        return {name: value for name, value in order.credential.items() if name != "id" or value not in same}
    document = content_of(forms[0].secured)
    if order.changes is not None:
        document = _object(_merged(document, order.changes))
    if order.change is Change.RENEWED:
        _require_later(order.valid_until, at)
        document = {**document, "validFrom": format_timestamp(at.replace(microsecond=0))}
        document["validUntil"] = order.valid_until
    return document


def content_of(secured: bytes) -> JsonObject:
    """What a signed credential says, without what is its own; raises NotIssuableError for what cannot be read so.

    1. A document, or a token around one; what its holder may hide is in it. An SD-JWT VC is no credential of the data
       model, and nothing that could be composed again.
    2. Of the evidence, the entries that name records on a chain are left out: the profile that signs adds its own.
    """
    try:
        received = read_text(secured.decode())  # 1.
    except (UnicodeDecodeError, DocumentError):
        received = None
    if received is None or received.problems or received.typed or not isinstance(received.value, dict):
        raise NotIssuableError(
            "what was signed in this form cannot be taken apart again",
            code="issuance.form",
            path="/credential",
            remedy="Give the whole credential as `credential`, with what is to be otherwise.",
        )
    document = {name: value for name, value in received.value.items() if name not in OF_ONE}
    evidence = document.pop("evidence", [])
    entries = evidence if isinstance(evidence, list) else [evidence]
    kept = [entry for entry in entries if not (isinstance(entry, dict) and named_records([entry]))]  # 2.
    return {**document, "evidence": kept} if kept else document


def _by(document: JsonObject, did: str) -> JsonObject:
    """The document with this issuer."""
    issuer = document.get("issuer")
    return {**document, "issuer": {**issuer, "id": did} if isinstance(issuer, dict) else did}


def _merged(target: JsonValue, changes: JsonValue, depth: int = 0) -> JsonValue:
    """A JSON Merge Patch."""
    if not isinstance(changes, dict):
        return changes
    if depth > MAX_DEPTH:
        raise NotIssuableError(
            "the changes lie too deep", code="issuance.malformed", path="/changes", remedy="Give the whole credential."
        )
    merged = dict(target) if isinstance(target, dict) else {}
    for name, value in changes.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = _merged(merged.get(name), value, depth + 1)
    return merged


def _object(value: JsonValue) -> JsonObject:
    if not isinstance(value, dict):
        raise TypeError("what is merged into an object is one")
    return value


def _require_later(text: str | None, at: datetime) -> None:
    try:
        later = text is not None and parse_timestamp(text) > at
    except TimestampError:
        later = False
    if not later:
        raise NotIssuableError(
            "a renewal has an end that is to come",
            code="issuance.validity",
            path="/validUntil",
            remedy="Write a date and time with its zone, as 2030-12-31T23:59:59Z.",
        )
