"""Whether the signed ends of a log stand on a chain, by their receipts: then nobody can have signed another one later.

1. The receipt of an end leads from that end, and is of no other.
2. The chain is one that the trust file knows, and the contract the one that it names there.
3. The chain holds the anchor, or it does not yet. One that says another thing than the receipt contradicts it.

An anchor in any namespace shows that the signed end existed by its time. That there is no other end besides, it does
not show: for that, several who have kept ends compare them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from anchoring.errors import AnchoringError, IndeterminateError, InvalidError
from anchoring.facts import Anchor
from anchoring.receipt import Finality, Receipt
from node.issuance.errors import AuditError
from node.issuance.organisation.log import Head, commitment_to, subject_of_head
from node.ports.oversight import SignedHead
from node.verification.chains import TrustedChain, caip
from node.verification.records import moment
from node.verification.sources import FindLedger
from node.verification.trust import Trust

_REMEDY: Final = "Get it again from the organisation, or from whoever kept it; if it stays so, do not rely on the log."


class Standing(StrEnum):
    """How an end stands on its chain."""

    ANCHORED = "anchored"
    WAITING = "waiting"
    """It is on its way there."""
    UNKNOWN = "unknown"
    """The chain is not known here, or did not answer."""


@dataclass(frozen=True, slots=True)
class AnchoredEnd:
    """A signed end with a receipt: on which chain, in which namespace, and since when, if that is known."""

    number: int
    chain: str
    namespace: bytes
    standing: Standing
    time: datetime | None = None


async def anchored_ends(
    heads: Sequence[tuple[Head, bytes, bytes]], trust: Trust, ledger: FindLedger
) -> list[AnchoredEnd]:
    """How each of these heads, with its signed form and its receipt, stands; raises AuditError for a wrong receipt."""
    return [await _anchored(head, signed, receipt, trust, ledger) for head, signed, receipt in heads]


async def _anchored(head: Head, signed: bytes, data: bytes, trust: Trust, ledger: FindLedger) -> AnchoredEnd:
    try:
        receipt = Receipt.decode(data)
    except InvalidError as error:
        raise _wrong(head, str(error)) from error
    kept = SignedHead(head.number, head.at, signed)
    if receipt.subject != subject_of_head(head.organisation, head.number) or not receipt.leads_from(
        commitment_to(kept)
    ):  # 1.
        raise _wrong(head, "it is of something else")
    chain = trust.chain(receipt.site.chain_id)
    if chain is None or chain.contract.address != receipt.site.contract:  # 2.
        return _end(head, receipt, Standing.UNKNOWN)
    try:
        return await _on(chain, head, receipt, ledger)
    except IndeterminateError:
        return _end(head, receipt, Standing.UNKNOWN)
    except AnchoringError as error:
        raise _wrong(head, str(error)) from error


async def _on(chain: TrustedChain, head: Head, receipt: Receipt, ledger: FindLedger) -> AnchoredEnd:
    """3."""
    reader = ledger(chain)
    if reader is None:
        return _end(head, receipt, Standing.UNKNOWN)
    block = await reader.final_block()
    told = await reader.answer(receipt.question, block)
    claimed = receipt.progress.anchor if isinstance(receipt.progress, Finality) else None
    if isinstance(told, Anchor):
        if claimed not in {None, told}:
            raise _wrong(head, "its chain tells another block or time")
        return _end(head, receipt, Standing.ANCHORED, moment(told.time))
    if claimed is not None and claimed.block <= block.number:
        raise _wrong(head, "its chain does not hold what it says")
    return _end(head, receipt, Standing.WAITING)


def _end(head: Head, receipt: Receipt, standing: Standing, time: datetime | None = None) -> AnchoredEnd:
    site = receipt.site
    return AnchoredEnd(head.number, caip(site.chain_id), site.namespace, standing, time)


def _wrong(head: Head, reason: str) -> AuditError:
    return AuditError(
        f"the receipt of the end at number {head.number} does not hold: {reason[:200]}",
        code="audit.receipt",
        remedy=_REMEDY,
    )
