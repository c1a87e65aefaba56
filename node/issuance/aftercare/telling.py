"""Telling holders by mail what became of their awards: each at least once, and shown once.

The task names a notice, and nothing of a person. What is in the letter is looked up when it is sent; of who was erased
meanwhile nothing is found. Whom another way has told already is not written to.
"""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from html import escape
from importlib.resources import files
from typing import Final

import orjson

from node.issuance.background.tasks import HopelessError, Later, member
from node.issuance.claiming.addresses import mail_address
from node.issuance.claiming.desk import LANGUAGE
from node.issuance.claiming.messages import message_of
from node.issuance.claiming.writing import MAX_SUBJECT_CHARS, one_line, title_in
from node.issuance.errors import NotIssuableError
from node.ports.aftercare import Notice
from node.ports.awarding import Award
from node.ports.errors import AbsentError
from node.ports.mail import Letter, Mail, MailLanguage, MailRefusedError, Sender
from node.ports.organisations import OrganisationId
from node.ports.outbox import Claimed
from node.ports.store import Store, View
from node.verification.phrases import flatten, phrases

BY_MAIL: Final = "mail"


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a letter is about."""

    notice: Notice
    award: Award
    title: str
    issuer: str
    recipient: str
    language: MailLanguage


@dataclass(frozen=True, slots=True)
class _Found:
    about: About
    sender: Sender


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """The use case, with what it stands on."""

    store: Store
    mail: Mail | None
    """None for a node that writes no letters: then a notice waits for another way."""
    now: Callable[[], datetime]

    async def carry(self, claimed: Claimed) -> Later | None:
        """Carry out TELL_HOLDER; raises MailWaitsError, and HopelessError for what never will be taken."""
        organisation, name, mail = claimed.organisation, member(claimed, "notice"), self.mail
        if mail is None:
            return None
        try:
            found = await self._found(organisation, name)
        except AbsentError:
            return None
        if found is None:
            return None
        about = found.about
        try:
            message = message_of(letter_about(about), found.sender, mail.letterhead, about.issuer)
            await mail.send(message, str(message["From"].addresses[0].addr_spec), mail_address(about.recipient))
        except (MailRefusedError, NotIssuableError) as error:
            raise HopelessError(str(error), code=error.code, remedy=error.remedy) from error
        await self.store.change(organisation, lambda unit: unit.notices.told(name, BY_MAIL, self.now()))
        return None

    async def _found(self, organisation: OrganisationId, name: str) -> _Found | None:
        """None where there is nobody to write to, or nothing new."""
        async with self.store.node_view() as node:
            issuer = (await node.organisations.find(organisation)).name
        async with self.store.view(organisation) as view:
            notice = await view.notices.find(name)
            award = await view.awards.find(notice.award)
            sender = await view.senders.find()
            if notice.told_at is not None or award.email is None:
                return None
            said = award.content.get(LANGUAGE)
            language: MailLanguage = "pl" if said == "pl" else "en" if said == "en" else sender.language
            title = await _title(view, award, language)
        about = About(notice=notice, award=award, title=title, issuer=issuer, recipient=award.email, language=language)
        return _Found(about, sender)


def letter_about(about: About) -> Letter:
    """The letter; the same notice makes the same one."""
    words, notice = _words(about.language), about.notice
    values = {
        "issuer": one_line(about.issuer),
        "name": one_line(about.award.name),
        "title": one_line(about.title),
        "date": phrases(about.language).date(about.award.awarded_at),
    }
    lines = [words["greeting"].format_map(values), words[f"change.{notice.change}"].format_map(values)]
    if f"of.{notice.reason}" in words:
        lines.append(words["reason"].format_map(values | {"reason": words[f"of.{notice.reason}"]}))
    if notice.words:
        lines.append(words["words"].format_map(values | {"words": one_line(notice.words)}))
    lines += [words["ask"].format_map(values), words["why"].format_map(values)]
    paragraphs = "".join(f"<p>{escape(each)}</p>\n" for each in lines)
    start = f'<!doctype html>\n<html lang="{about.language}"><head><meta charset="utf-8"></head><body>\n'
    return Letter(
        name=values["name"],
        recipient=about.recipient,
        subject=words["subject"].format_map(values | {"title": values["title"][:MAX_SUBJECT_CHARS]}),
        text="\n\n".join(lines) + "\n",
        html=f"{start}{paragraphs}</body></html>\n",
        language=about.language,
        message_id=f"{notice.id}.notice",
        at=notice.made_at,
    )


async def _title(view: View, award: Award, language: str) -> str:
    """What the award is called: by its achievement, or by its credential's identifier where that is all there is."""
    if award.achievement is None:
        return award.client_key
    version = await view.achievements.version(award.achievement, award.version)
    return title_in(orjson.loads(version.document), language)


@cache
def _words(language: MailLanguage) -> Mapping[str, str]:
    table = tomllib.loads(files("node.issuance.aftercare.letters").joinpath(f"{language}.toml").read_text("utf-8"))
    texts: dict[str, str] = {}
    flatten(table, "", texts)
    return texts
