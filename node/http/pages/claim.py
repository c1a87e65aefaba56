"""What the pages of private links say."""

from typing import Final

import segno
from markupsafe import Markup

from node.documents import JsonObject
from node.http.pages.achievement import text_in
from node.http.pages.render import fit, web_address
from node.http.pages.words import words_in
from node.issuance.claiming.claims import Offer
from node.issuance.claiming.fetching import Document
from node.ports.invitations import Invitation
from node.verification.phrases import Language, phrases

_SCALE: Final = 5
"""Pixels of a square of a code."""


def offer_page(offer: Offer, public_url: str, language: Language) -> dict[str, object]:
    """The page of an offer."""
    achievement = offer.achievement
    address = achievement.get("id")
    own = isinstance(address, str) and address.startswith(f"{public_url}/")
    return {
        "issuer": fit(offer.issuer),
        "learner": fit(offer.award.name),
        "title": text_in(achievement, "name", language),
        "description": text_in(achievement, "description", language),
        "more": web_address(address) if own else None,
        "until": words_in(language)("claim.until", date=phrases(language).date(offer.link.expires_at)),
        "address": offer.link.address is not None or offer.award.email is not None,
    }


def wallet_page(invitation: Invitation, language: Language) -> dict[str, object]:
    """The page of an invitation: its address, and a code that a camera reads."""
    drawn = segno.make_qr(invitation.url, error="l").svg_inline(scale=_SCALE, omitsize=False)
    minutes = words_in(language)("wallet.until", date=phrases(language).date(invitation.expires_at))
    return {"url": invitation.url, "code": Markup(drawn), "until": minutes}  # noqa: S704 -- squares, by our own hand


def document_page(found: Document, told: JsonObject, language: Language) -> dict[str, object]:
    """The page of a document."""
    until = None if found.link is None else phrases(language).date(found.link.expires_at)
    return {
        "issuer": fit(found.issuer),
        "learner": fit(found.award.name),
        "title": text_in(found.achievement, "name", language),
        "description": text_in(found.achievement, "description", language),
        "credential": told["credential"],
        "picture": told["picture"],
        "page": f"{told['page']}?lang={language}",
        "until": None if until is None else words_in(language)("document.until", date=until),
    }
