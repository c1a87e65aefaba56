"""What is offered to who took up an invitation, as the issuer has it: shown before, issued once it is asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from node.documents import JsonObject
from node.ports.judging import Form
from node.ports.organisations import OrganisationId


class OfferGoneError(Exception):
    """What was offered is not to be had, or not any more."""

    code = "offer.gone"
    remedy = "Ask the issuer for a new invitation."


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What is offered: the credential as it would be, in which form it comes, and who issues it."""

    credential: JsonObject = field(repr=False)
    form: Form
    issuer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bestowed:
    """A credential that was issued to a holder, to the byte, with what anchors it so far."""

    award: str
    credential: str
    body: bytes = field(repr=False)
    form: Form
    receipts: tuple[JsonObject, ...] = field(default=(), repr=False)


class Offers(Protocol):
    """Whoever issues. `context` is what an invitation is for, as it was minted with."""

    async def show(self, organisation: OrganisationId, context: JsonObject) -> Shown:
        """What is offered; raises OfferGoneError, and what keeps it from being issued."""

    async def bestow(self, organisation: OrganisationId, context: JsonObject, holder: str, once: str) -> Bestowed:
        """Issue it to this holder, once under this name; raises as `show` does."""

    async def final_receipts(self, organisation: OrganisationId, award: str) -> tuple[JsonObject, ...]:
        """What anchors the credential of an award for good; nothing, as long as nothing does."""

    async def statuses(self, organisation: OrganisationId, awards: Sequence[str]) -> Mapping[str, str]:
        """`withdrawn` or `suspended`, for those of these awards whose credential is."""
