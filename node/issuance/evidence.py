"""What an organisation has of its awards: credentials, receipts, and capsules with all that others need to check one.

A capsule is made of the node's own material, and nobody is asked: the credential, the history of its issuer's
identifier, the status lists that it names, its receipt, and a proof of what the chain holds of them, where the chain is
at hand. Whoever has it needs neither the node nor the issuer any more.
"""

import asyncio
import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from anchoring.facts import HeadOf, Question
from anchoring.heads import list_id
from anchoring.receipt import Receipt
from did_methods.did import parse_did
from did_methods.errors import DidMethodsError
from did_methods.webvh import LogFiles
from node.credentials.errors import RecordNameError
from node.credentials.record_name import RecordName
from node.documents import parse_object
from node.issuance.background.batches import receipt_of
from node.ports.awarding import Award, AwardQuery, Secured, Standing
from node.ports.errors import AbsentError
from node.ports.organisations import HostedDid, OrganisationId, Profile
from node.ports.proving import Proving
from node.ports.status_rows import ListRecord
from node.ports.store import Store, View
from node.ports.work import HEADS_OPTION
from node.verification.capsule import Capsule
from node.verification.capsule_cbor import encode
from node.verification.capsule_making import make_capsule
from node.verification.errors import CapsuleError
from node.verification.ledger_material import FactProof, LedgerMaterial
from node.verification.material import Origin, ResolvedDocument, StatusListCopy, VerificationMaterial
from node.verification.policy import KeyEvidence

_TAG: Final = b"glejt/receipt-link/v1"
_TOKEN_BYTES: Final = 18
"""144 bits: nobody guesses one."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """The desk of what there is of awards."""

    store: Store
    proving: Proving

    async def search(
        self, organisation: OrganisationId, query: AwardQuery
    ) -> tuple[tuple[Award, Mapping[str, frozenset[Standing]]], ...]:
        """A page of awards, each with what lists say of them."""
        async with self.store.view(organisation) as view:
            found = await view.awards.search(query)
            said = await view.status.standings([each.id for each in found])
        return tuple((each, said) for each in found)

    async def award(
        self, organisation: OrganisationId, award: str
    ) -> tuple[Award, Mapping[str, frozenset[Standing]], tuple[Secured, ...]]:
        """An award, what lists say of it, and the forms in which it was signed; raises AbsentError."""
        async with self.store.view(organisation) as view:
            found = await view.awards.find(award)
            return found, await view.status.standings([award]), await view.awards.credentials(award)

    async def credential(self, organisation: OrganisationId, award: str, form: str | None) -> Secured:
        """The credential of an award, in a form or in the first there is; raises AbsentError."""
        async with self.store.view(organisation) as view:
            return await _credential(view, award, form)

    async def receipt(self, organisation: OrganisationId, award: str, form: str | None) -> tuple[Receipt, str]:
        """The receipt of a credential, and the way to it for who has no key; raises AbsentError before it is made."""
        async with self.store.view(organisation) as view:
            secured = await _credential(view, award, form)
            leaf = await view.anchors.leaf(award, secured.form)
            receipt = await receipt_of(view, award, secured.form)
        if receipt is None:
            raise AbsentError("receipt yet")
        token = link_token(organisation, award, secured.form, leaf.salt)
        return receipt, f"/receipts/{organisation}/{award}/{secured.form}/{token}"

    async def linked_receipt(self, organisation: str, award: str, form: str, token: str) -> Receipt | None:
        """The receipt that a link leads to; once the person is erased, and so the salt, it leads nowhere."""
        try:
            async with self.store.view(OrganisationId(organisation)) as view:
                leaf = await view.anchors.leaf(award, form)
                receipt = await receipt_of(view, award, form)
        except AbsentError:
            return None
        expected = link_token(OrganisationId(organisation), award, form, leaf.salt)
        return receipt if hmac.compare_digest(expected.encode(), token.encode()) else None

    async def capsule(self, organisation: OrganisationId, award: str, form: str | None, at: datetime) -> Capsule:
        """The capsule of a credential; raises AbsentError, and CapsuleError for one that is too large for any."""
        async with self.store.view(organisation) as view:
            found = await view.awards.find(award)
            secured = await _credential(view, award, form)
            profile = await view.identities.profile(found.profile)
            hosted = await view.identities.did(profile.did)
            lists = [await view.status.find(entry.list) for entry in await view.status.entries_of(award)]
            published = [(each, await view.status.published(each.id)) for each in lists]
            receipt = await _receipt(view, award, secured.form)
        facts = await self._facts(organisation, profile, lists, receipt)
        ledgers = LedgerMaterial(receipts=() if receipt is None else (receipt.encode(),), facts=facts)
        material = VerificationMaterial(
            documents=_documents(hosted, at),
            status_lists=_copies(published, at),
            ledgers=ledgers or None,
        )
        return await asyncio.to_thread(make_capsule, [secured.secured], material, made=at)

    async def _facts(
        self, organisation: OrganisationId, profile: Profile, lists: Sequence[ListRecord], receipt: Receipt | None
    ) -> tuple[FactProof, ...]:
        """Proofs of the anchor, and of which versions of the lists count, as the chain has them now."""
        asked: dict[RecordName, list[Question]] = {}
        heads = profile.options.get(HEADS_OPTION)
        if isinstance(heads, str) and (name := _named(heads)) is not None:
            asked[name] = [HeadOf(name.namespace, list_id(each.url)) for each in lists]
        if receipt is not None:
            site = receipt.site
            asked.setdefault(RecordName(site.chain_id, site.contract, site.namespace), []).append(receipt.question)
        proven = [
            await self.proving.prove(organisation, name, questions) for name, questions in asked.items() if questions
        ]
        return tuple(proof for proof in proven if proof is not None)


async def capsule_of(view: View, signed: Sequence[Secured], at: datetime) -> Capsule | None:
    """One capsule of several credentials of one profile, without facts of a chain; None where they are too large."""
    profile = await view.identities.profile((await view.awards.find(signed[0].award)).profile)
    named = {entry.list for each in signed for entry in await view.status.entries_of(each.award)}
    lists = [(await view.status.find(each), await view.status.published(each)) for each in sorted(named)]
    receipts = [await _receipt(view, each.award, each.form) for each in signed]
    material = VerificationMaterial(
        documents=_documents(await view.identities.did(profile.did), at),
        status_lists=_copies(lists, at),
        ledgers=LedgerMaterial(receipts=tuple(each.encode() for each in receipts if each is not None)) or None,
    )
    try:
        return await asyncio.to_thread(make_capsule, [each.secured for each in signed], material, made=at)
    except CapsuleError:
        return None


def link_token(organisation: OrganisationId, award: str, form: str, salt: bytes) -> str:
    """What nobody can guess of the link to a receipt: it is made of the salt that is in the receipt."""
    digest = hashlib.sha256(_TAG)
    for part in (organisation.encode(), award.encode(), form.encode(), salt):
        digest.update(len(part).to_bytes(4) + part)
    return urlsafe_b64encode(digest.digest()[:_TOKEN_BYTES]).decode("ascii")


def capsule_bytes(capsule: Capsule, *, as_json: bool) -> bytes:
    """The capsule as a file; the same is in both forms."""
    return capsule.json_text() if as_json else encode(capsule)


async def _credential(view: View, award: str, form: str | None) -> Secured:
    if form is not None:
        return await view.awards.credential(award, form)
    for secured in await view.awards.credentials(award):
        return secured
    raise AbsentError("signed credential of this award")


async def _receipt(view: View, award: str, form: str) -> Receipt | None:
    try:
        return await receipt_of(view, award, form)
    except AbsentError:
        return None


def _copies(lists: Sequence[tuple[ListRecord, bytes | None]], at: datetime) -> tuple[StatusListCopy, ...]:
    return tuple(
        StatusListCopy(record.url, document.decode(), Origin.SAVED, record.published_at or at)
        for record, document in lists
        if document is not None
    )


def _documents(hosted: HostedDid, at: datetime) -> dict[str, ResolvedDocument]:
    """The issuer's document with its history, where it is one of the node's; others are asked for by whoever checks."""
    if hosted.document is None:
        return {}
    try:
        parse_did(hosted.did)
    except DidMethodsError:
        return {}
    files = {} if hosted.log is None else LogFiles(hosted.log).by_name()
    evidence = KeyEvidence.NOW_ONLY if hosted.log is None else KeyEvidence.SELF_DECLARED
    document = parse_object(hosted.document)
    return {hosted.did: ResolvedDocument(document, evidence, Origin.SAVED, at, files)}


def _named(text: str) -> RecordName | None:
    try:
        return RecordName.parse(text).record
    except RecordNameError:
        return None
