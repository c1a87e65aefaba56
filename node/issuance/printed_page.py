"""What a printed page says: a credential in words, how to check it, and that the page itself proves nothing.

Everything on it is taken from the credential, in the language of the page where the credential has it, and none of it
is checked. The page is data: texts, in an order, each with its language. How it looks is for the printer.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from importlib.resources import files
from typing import Final, NamedTuple

from node.credentials.credential import Credential
from node.credentials.errors import PaperError, PictureError, TimestampError
from node.credentials.micro_credential.classification import classify
from node.credentials.micro_credential.places import Place, Stated
from node.credentials.micro_credential.readers.dialects import read
from node.credentials.micro_credential.record import Level, Listed, Record, Workload
from node.credentials.micro_credential.rule_set import rule_set
from node.credentials.paper_code import PaperCode, code_for, file_of, is_address
from node.credentials.pictures.badge import Form, form_of, payload_of
from node.credentials.presentation import DocumentKind, kind_of
from node.credentials.structure import Version, version_of
from node.credentials.timestamps import parse_timestamp
from node.documents import MAX_CREDENTIAL_BYTES, JsonObject, JsonValue, parse_object
from node.verification.phrases import Language, Phrases, flatten, phrases, shown

MAX_SECTIONS: Final = 8
"""Achievements shown of one credential; a whole transcript is no page."""
MAX_OUTCOMES: Final = 30
"""Outcomes shown of one achievement: about a page."""
MAX_VALUES: Final = 4
"""Values shown of a statement that should have one."""
_NOT_FOR_PAPER: Final = re.compile(r"@|^(?:sha256|md5)\$")
"""E-mail addresses, which are not for everybody who sees the page, and digests, which tell nobody anything."""
_LANGUAGE: Final = re.compile(r"([a-z]{2,3})(?:-.*)?")
_DAY_CHARS: Final = len("2026-06-10")
_DIGEST_GROUP: Final = 8
"""Digits of a digest between two spaces, so that people can compare it."""


class Said(NamedTuple):
    """A text of the credential; `language` is that in which it is written, empty where it is not known."""

    text: str
    language: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """A page to be printed, and the file to be attached to it."""

    file: bytes
    file_name: str
    media_type: str
    date: datetime | None
    """The date of the credential, which is that of the page: printed again, the page is the same."""
    code: PaperCode
    content: JsonObject
    """What the printer's template shows."""


def page_of(credential: bytes, language: Language, *, address: str | None = None) -> Page:
    """The page for a signed credential: JSON with its proof, or a compact JWS.

    Without an address the code has the credential's own identifier where that is an address, else none. Raises
    PaperError for what is no signed credential, DocumentError for a text that is not the JSON it seems to be, and
    BadgeError for a token that cannot be read.
    """
    file = file_of(credential)
    form, document = _document(file.rstrip())
    identifier = document.get("id")
    if address is None and isinstance(identifier, str) and is_address(identifier):
        address = identifier
    code = code_for(file, address)
    ending = "jwt" if form is Form.JWS else "json"
    spoken, words = phrases(language), _words(language)
    records = read(Place(document), rule_set().tables)
    dates = [stated.text for record in records for stated in record.dates]
    content = _content(document, records, spoken, words) | {"language": language, "said": _said(words, code)}
    lines = [("attached", f"credential.{ending}"), ("address", code.address), ("digest", _grouped(code.digest))]
    content["code"] = [[words[f"label.{name}"], text] for name, text in lines if text is not None]
    return Page(file, f"credential.{ending}", _media_type(form, document), _first_moment(dates), code, content)


def _document(text: bytes) -> tuple[Form, JsonObject]:
    """The credential that a text holds; that it is signed is looked at, by whom is not."""
    try:
        form = form_of(text)
    except PictureError:
        form = Form.JSON  # it is not, and the parser can say why
    document = payload_of(text) if form is Form.JWS else parse_object(text, max_bytes=MAX_CREDENTIAL_BYTES)
    inner = document.get("vc")
    if form is Form.JWS and isinstance(inner, dict):  # version 1.1 of the data model wraps the claims
        document = inner
    if kind_of(document) is not DocumentKind.CREDENTIAL:
        raise PaperError("the document is no credential", code="paper.credential", remedy="Give one credential.")
    if form is Form.JSON and not document.get("proof"):
        message = "the credential carries no proof, so nobody could check the page"
        raise PaperError(message, code="paper.credential", remedy="Sign it first: glejt issue")
    return form, document


def _media_type(form: Form, document: JsonObject) -> str:
    """https://www.w3.org/TR/vc-data-model-2.0/#media-types; earlier versions have registered none."""
    if version_of(document) is not Version.V2_0:
        return "application/jwt" if form is Form.JWS else "application/ld+json"
    return "application/vc+jwt" if form is Form.JWS else "application/vc"


def _content(
    document: JsonObject, records: tuple[Record, ...], spoken: Phrases, words: Mapping[str, str]
) -> JsonObject:
    credential = Credential(document)
    titles = [_title(document, record, spoken.language) for record in records]
    own = document.get("name")
    title = titles[0] if len(records) == 1 else None
    title = title or (Said(shown(own)) if isinstance(own, str) and own.strip() else Said(words["said.title"]))
    sections: list[JsonValue] = [
        {"title": list(name or Said("")) if len(records) > 1 else None, "rows": _rows(document, record, spoken, words)}
        for name, record in zip(titles[:MAX_SECTIONS], records, strict=False)
    ]
    left = len(records) - MAX_SECTIONS
    return {
        "title": list(title),
        "head": [[words[f"label.{name}"], value] for name, value in _head(credential, records, spoken) if value],
        "sections": sections,
        "more": words["more"].format(count=left) if left > 0 else None,
        "class": _class(document, spoken, words),
    }


def _head(credential: Credential, records: tuple[Record, ...], spoken: Phrases) -> list[tuple[str, JsonValue]]:
    """Who, by whom and when: the same for all that a credential speaks of."""
    first = records[0]
    learner = _texts(first.learner.names) or [
        text for text in _texts((*first.learner.identifiers, *first.learner.ids)) if not _NOT_FOR_PAPER.search(text)
    ]
    name = credential.issuer_profile.get("name")
    issuer = [shown(name)] if isinstance(name, str) and name.strip() else []
    issuer += [shown(credential.issuer)] if credential.issuer else []
    bodies = [text for text in _texts(first.bodies) if text not in issuer]
    ends = [credential.document.get(member) for member in ("validUntil", "expirationDate")]
    return [
        ("learner", _joined(learner) or spoken("person.withheld")),
        ("issuer", _joined(issuer)),
        ("body", _joined(bodies)),
        ("date", _joined([_day(stated.text, spoken) for stated in first.dates[:1]])),
        ("until", _joined([_day(end, spoken) for end in ends if isinstance(end, str)])),
    ]


def _rows(document: JsonObject, record: Record, spoken: Phrases, words: Mapping[str, str]) -> JsonValue:
    """The statements of one achievement: a label, and one text or a list of them, each with its language."""
    outcomes = [_translated(document, outcome.statement, spoken.language) for outcome in record.outcomes]
    shown_outcomes: list[JsonValue] = [list(said) for said in outcomes[:MAX_OUTCOMES]]
    if len(outcomes) > MAX_OUTCOMES:
        shown_outcomes.append([words["more"].format(count=len(outcomes) - MAX_OUTCOMES), ""])
    levels = [_level(level) for level in record.levels[:MAX_VALUES]]
    if record.level_not_applicable:
        levels.append(words["value.level_not_applicable"])
    bodies = [shown(body) for statement in record.quality[:MAX_VALUES] for body in statement.bodies[:1]]
    rows: list[tuple[str, JsonValue]] = [
        ("outcomes", shown_outcomes),
        ("workload", _joined([_workload(workload, words) for workload in record.workloads[:MAX_VALUES]])),
        ("level", _joined(levels)),
        ("assessment", _joined([_in_words("assessment", one, spoken) for one in record.assessments[:MAX_VALUES]])),
        ("supervision", _joined([_in_words("supervision", one, spoken) for one in record.supervision[:MAX_VALUES]])),
        ("participation", _joined([_in_words("participation", one, spoken) for one in record.participation[:1]])),
        ("quality", _joined(bodies)),
    ]
    return [[words[f"label.{name}"], value] for name, value in rows if value]


def _class(document: JsonObject, spoken: Phrases, words: Mapping[str, str]) -> str:
    found = classify(document)
    return words["value.class"].format(
        **{"class": spoken(f"class.{found.credential_class}")},
        score=spoken("class.score", met=str(found.met), of=str(len(found.elements))),
        rules=found.rules.name,
    )


def _said(words: Mapping[str, str], code: PaperCode) -> JsonObject:
    paper = words["said.paper_digest" if code.address is None else "said.paper_address"]
    return {
        "check": words["said.check"],
        "paragraphs": [words["said.proof"], words["said.file"], paper, words["said.complement"]],
        "characters": words["said.characters"],
        "code": words["said.code"].format(text=code.text),
        "attachment": words["said.attachment"],
        "page": words["said.page"],
    }


def _title(document: JsonObject, record: Record, language: Language) -> Said | None:
    return _translated(document, record.titles[0], language) if record.titles else None


def _translated(document: JsonObject, stated: Stated, language: Language) -> Said:
    """A text in the language of the page where the credential has it so, else as it stands, in its own language."""
    parent, member = _parent(document, stated.place.path)
    others = parent.get(f"{member}Map")
    if isinstance(others, dict) and isinstance(text := others.get(language), str) and text.strip():
        return Said(shown(text), language)
    own = _LANGUAGE.fullmatch(tag) if isinstance(tag := parent.get("inLanguage"), str) else None
    return Said(shown(stated.text), own[1] if own else "")


def _parent(document: JsonObject, path: str) -> tuple[JsonObject, str]:
    """The object in which the value at a JSON pointer stands, and under which name."""
    *steps, last = [step.replace("~1", "/").replace("~0", "~") for step in path.split("/")[1:]] or [""]
    value: JsonValue = document
    for step in steps:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            return {}, last
    return (value if isinstance(value, dict) else {}), last


def _texts(stated: Iterable[Stated]) -> list[str]:
    """The different texts among these, as they may be shown."""
    return list(dict.fromkeys(shown(one.text) for one in stated if one.text.strip()))[:MAX_VALUES]


def _joined(texts: Iterable[str]) -> str:
    return " · ".join(dict.fromkeys(text for text in texts if text))


def _level(level: Level) -> str:
    return " ".join(shown(part) for part in (level.framework, level.code) if part)


def _workload(workload: Workload, words: Mapping[str, str]) -> str:
    if workload.value is None:
        return ""
    unit = workload.unit
    if unit is not None and unit.term is not None and f"value.{unit.term}" in words:
        return words[f"value.{unit.term}"].format(value=shown(workload.value))
    return shown(workload.value if unit is None else f"{workload.value} {unit.label}")


def _in_words(kind: str, listed: Listed, spoken: Phrases) -> str:
    """A listed value in words; one that no list has as it stands."""
    key = f"{kind}.{listed.term}"
    return spoken(key) if key in spoken else shown(listed.label)


def _day(value: str, spoken: Phrases) -> str:
    """The day of a moment where it was written down, in words; what is no moment as it stands."""
    try:
        parse_timestamp(value)
        at = date.fromisoformat(value[:_DAY_CHARS])
    except (TimestampError, ValueError):
        return shown(value)
    pattern = _words(spoken.language)["date"]
    return pattern.format(day=at.day, month=spoken.months[at.month - 1], year=f"{at.year:04}")


def _first_moment(values: list[str]) -> datetime | None:
    for value in values:
        try:
            return parse_timestamp(value).astimezone(UTC)
        except (TimestampError, OverflowError):
            continue
    return None


def _grouped(digest: str) -> str:
    return " ".join(digest[at : at + _DIGEST_GROUP] for at in range(0, len(digest), _DIGEST_GROUP))


@cache
def _words(language: Language) -> Mapping[str, str]:
    """The words of a page in a language."""
    table = tomllib.loads(files("node.issuance").joinpath("catalogue", f"{language}.toml").read_text("utf-8"))
    texts: dict[str, str] = {}
    flatten(table, "", texts)
    return texts
