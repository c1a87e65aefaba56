"""What is written to a learner: that an award waits to be claimed, or that a document is there.

A letter has one link and one button, and says what happens if nothing is done. Titles and names that others wrote are
put in one line, and escaped in HTML.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.resources import files
from typing import Final

from node.documents import JsonObject
from node.ports.awarding import Award
from node.ports.links import Link, LinkKind
from node.ports.mail import Attachment, Letter, MailLanguage
from node.verification.phrases import flatten, phrases

MAX_SUBJECT_CHARS: Final = 150
"""Of a title in a subject: programs show some seventy."""
_LINES: Final[Mapping[LinkKind, tuple[str, ...]]] = {
    LinkKind.CLAIM: ("until", "again", "nothing"),
    LinkKind.DOCUMENT: ("until", "again"),
}
"""What is said below the link, in this order; then of what is attached, and why there is a letter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a letter is about."""

    award: Award
    achievement: JsonObject
    issuer: str
    link: Link
    url: str
    recipient: str
    language: MailLanguage
    attached: Attachment | None


def letter_of(facts: Facts) -> Letter:
    """The letter; the same facts make the same one."""
    words, kind = _words(facts.language), facts.link.kind
    values = {
        "issuer": one_line(facts.issuer),
        "name": one_line(facts.award.name),
        "title": one_line(title_in(facts.achievement, facts.language)),
        "date": phrases(facts.language).date(facts.link.expires_at),
    }

    def said(key: str, **cut: str) -> str:
        return words[f"{kind}.{key}"].format_map(values | cut)

    below = [said(key) for key in _LINES[kind]]
    if facts.attached is not None:
        picture = facts.attached.media_type.startswith("image/")
        below.append(said("picture" if picture else "file"))
    below.append(said("why"))
    first = (said("greeting"), said("offer"), said("open"))
    text = "\n\n".join([*first, facts.url, *below]) + "\n"
    return Letter(
        name=values["name"],
        recipient=facts.recipient,
        subject=said("subject", title=values["title"][:MAX_SUBJECT_CHARS]),
        text=text,
        html=_html(facts.language, first, said("button"), facts.url, below),
        language=facts.language,
        message_id=f"{facts.link.id}.{kind}",
        at=facts.link.made_at,
        attachments=() if facts.attached is None else (facts.attached,),
    )


def title_in(achievement: JsonObject, language: str) -> str:
    """The title in a language, or as it is."""
    others = achievement.get("nameMap")
    translated = others.get(language) if isinstance(others, dict) else None
    return translated if isinstance(translated, str) and translated.strip() else str(achievement.get("name", ""))


def one_line(text: str) -> str:
    """A text that stands in one line, and has nothing in it that is not seen."""
    return " ".join("".join(c for c in text if c.isprintable() or c.isspace()).split())


def _html(language: str, first: tuple[str, ...], button: str, url: str, below: list[str]) -> str:
    paragraphs = "".join(f"<p>{escape(each)}</p>\n" for each in first)
    rest = "".join(f"<p>{escape(each)}</p>\n" for each in below)
    style = "display:inline-block;padding:12px 24px;background:#0b4a8f;color:#ffffff;border-radius:6px"
    return (
        f'<!doctype html>\n<html lang="{language}"><head><meta charset="utf-8"></head><body>\n{paragraphs}'
        f'<p><a href="{escape(url)}" style="{style}">{escape(button)}</a></p>\n<p>{escape(url)}</p>\n{rest}'
        "</body></html>\n"
    )


@cache
def _words(language: MailLanguage) -> Mapping[str, str]:
    table = tomllib.loads(files("node.issuance.claiming.letters").joinpath(f"{language}.toml").read_text("utf-8"))
    texts: dict[str, str] = {}
    flatten(table, "", texts)
    return texts
