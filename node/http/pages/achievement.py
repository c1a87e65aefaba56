"""What the pages say of an achievement, in a language."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from node.credentials.micro_credential.classification import Classification, classify_achievement
from node.credentials.micro_credential.help import help_texts
from node.credentials.structure import objects_of
from node.documents import JsonObject, JsonValue
from node.http.pages.render import fit, link
from node.http.pages.words import PageWords, words_in
from node.issuance.catalogue_card import card_of, gaps_of
from node.ports.awarding import Published
from node.ports.organisations import Organisation
from node.ports.publishing import Entry
from node.verification.phrases import Language, Phrases, phrases

_LEVELS: Final = frozenset({"ext:EQF", "ext:NQF", "ext:QFEHEA"})
_QUALITY: Final = "ext:QualityAssurance"
_FREE: Final = "free"

type Listed = Literal["assessment", "supervision", "participation", "quality"]


@dataclass(frozen=True, slots=True)
class Known:
    """What the node knows of a published version."""

    version: Published
    latest: int
    whose: Organisation
    dids: tuple[str, ...]
    entry: Entry
    withdrawn: str | None
    """When it was withdrawn, as the machine has it."""


def achievement_page(known: Known, document: JsonObject, public_url: str, language: Language) -> dict[str, object]:
    """The page of a version."""
    words, spoken = words_in(language), phrases(language)
    found = classify_achievement(document)
    version, name = known.version, known.version.achievement
    home = f"{public_url}/achievements/{name}"
    picture = _picture(document)
    own = isinstance(picture, str) and picture.startswith(f"{public_url}/pictures/")
    levels = _aligned(document, _LEVELS)
    return {
        "url": f"{home}/versions/{version.version}",
        "latest_url": home,
        "version": version.version,
        "latest": known.latest,
        "versions": [{"number": one, "url": f"{home}/versions/{one}"} for one in range(1, known.latest + 1)],
        "sha256": version.digest.hex(),
        "published": spoken.date(version.published_at),
        "withdrawn": None if known.withdrawn is None else spoken.date(known.withdrawn),
        "shown": _class(found.credential_class.value, found.met, len(found.elements), spoken),
        "findings": _findings(found, language),
        "name": text_in(document, "name", language),
        "description": text_in(document, "description", language),
        "picture": picture if own else None,
        "picture_elsewhere": link(picture, picture) if picture and not own else None,
        "facts": facts_of({**card_of(document, found), **_whole(document)}, known.entry.offer, language),
        "outcomes": [
            text_in({"inLanguage": document.get("inLanguage"), **one}, "name", language)
            for one in objects_of(document, "resultDescription")
        ],
        "level_none": document.get("levelNotApplicable") is True and not levels,
        "levels": [
            {**link(one.get("targetName"), one.get("targetUrl")), "text": _claimed(one, spoken)} for one in levels
        ],
        "participation": _listed("participation", document.get("participationType"), spoken),
        "supervision": _listed("supervision", document.get("supervisionType"), spoken),
        "quality": [
            {
                **link(one.get("targetName"), one.get("targetUrl")),
                "kind": _listed("quality", one.get("targetFramework"), spoken),
            }
            for one in _aligned(document, frozenset({_QUALITY}))
        ],
        "prerequisite": _given(document.get("prerequisite"), document.get("inLanguage")),
        "alignments": [
            link(one.get("targetName"), one.get("targetUrl"))
            for part in (document, *objects_of(document, "resultDescription"))
            for one in objects_of(part, "alignment")
            if one.get("targetType") not in _LEVELS | {_QUALITY}
        ],
        "tags": [fit(one) for one in _many(document.get("tag"))],
        "issuer": fit(known.whose.name),
        "dids": [fit(did) for did in known.dids],
        "words": words,
    }


def entry_shown(entry: Entry, whose: str, public_url: str, language: Language) -> dict[str, object]:
    """An entry on a page of the catalogue."""
    words, spoken, card = words_in(language), phrases(language), entry.card
    score = card.get("score")
    met, of = (int(str(score.get(name, 0))) for name in ("met", "of")) if isinstance(score, dict) else (0, 0)
    gaps = gaps_of(card, entry.offer)
    return {
        "url": f"{public_url}/achievements/{entry.achievement}",
        "shown": _class(entry.credential_class, met, of, spoken),
        "name": _of_card(card, "name", language),
        "description": _of_card(card, "description", language),
        "issuer": fit(whose),
        "facts": facts_of(card, entry.offer, language),
        "gaps": ", ".join(words(f"fact.{gap}") for gap in gaps),
    }


def facts_of(
    card: Mapping[str, JsonValue], offer: Mapping[str, JsonValue] | None, language: Language
) -> dict[str, object]:
    """The five facts; what is not stated is None or empty."""
    words, spoken = words_in(language), phrases(language)
    criteria = card.get("criteria")
    stated = criteria if isinstance(criteria, dict) else {}
    page, said = stated.get("page"), offer or {}
    stackability = card.get("stackability")
    return {
        "criteria": _given(stated.get("narrative"), card.get("language")),
        "criteria_page": link(page, page) if page else None,
        "workload": [_work(one, words) for one in _objects(card.get("workload"))],
        "assessment": _listed("assessment", card.get("assessment"), spoken),
        "cost": _cost(said.get("cost"), words),
        "cost_note": _given(said.get("note")),
        "where": link(said["url"], said["url"]) if said.get("url") else None,
        "stackability": None if not stackability else _stackability(stackability, words),
        "stacks_into": [link(one, one) for one in _many(card.get("stacks_into"))],
    }


def text_in(owner: Mapping[str, JsonValue], member: str, language: Language) -> dict[str, str | None]:
    """A text in the language, or the one there is; `note` says which, where it is another and that is known."""
    others = owner.get(f"{member}Map")
    by_tag = others if isinstance(others, dict) else {}
    return _in_language({"": owner.get(member), **by_tag}, owner.get("inLanguage"), language)


def _of_card(card: Mapping[str, JsonValue], member: str, language: Language) -> dict[str, str | None]:
    texts = card.get(member)
    return _in_language(texts if isinstance(texts, dict) else {}, card.get("language"), language)


def _in_language(texts: Mapping[str, JsonValue], said: JsonValue, language: Language) -> dict[str, str | None]:
    for tag, text in texts.items():
        if tag.lower().partition("-")[0] == language and isinstance(text, str):
            return {"text": fit(text), "language": language, "note": None}
    own = _tag(said)
    other = own is not None and own.lower().partition("-")[0] != language
    return {"text": fit(texts.get("") or ""), "language": own, "note": own if other else None}


def _class(code: str, met: int, of: int, spoken: Phrases) -> dict[str, str]:
    return {
        "code": code,
        "name": spoken(f"class.{code}"),
        "score": spoken("class.score", met=str(met), of=str(of)),
    }


def _findings(found: Classification, language: Language) -> list[str]:
    texts = help_texts(language)
    return list(dict.fromkeys(texts[finding.code] for finding in found.findings))


def _whole(document: JsonObject) -> dict[str, JsonValue]:
    """What a card has shortened, whole."""
    criteria = document.get("criteria")
    stated = criteria if isinstance(criteria, dict) else {}
    return {"criteria": {"narrative": stated.get("narrative"), "page": stated.get("id")}}


def _given(value: JsonValue, said: JsonValue = None) -> dict[str, str | None] | None:
    """A text that there is in one language only."""
    return {"text": fit(value), "language": _tag(said)} if isinstance(value, str) and value.strip() else None


def _tag(said: JsonValue) -> str | None:
    """A language as it may stand in an attribute."""
    return said if isinstance(said, str) and said.isascii() and said.replace("-", "").isalnum() else None


def _listed(kind: Listed, value: JsonValue, spoken: Phrases) -> str | None:
    return spoken.listed(kind, value) if isinstance(value, str) and value else None


def _stackability(value: JsonValue, words: PageWords) -> str:
    key = f"stackability.{value}"
    return words(key) if key in words else fit(value)


def _work(one: Mapping[str, JsonValue], words: PageWords) -> str:
    unit = one.get("unit")
    key = f"unit.{unit}"
    return f"{fit(one.get('value'))} {words(key) if key in words else fit(unit or '')}".strip()


def _cost(value: JsonValue, words: PageWords) -> str | None:
    if value == _FREE:
        return words("cost.free")
    if isinstance(value, dict):
        return f"{fit(value.get('amount'))} {fit(value.get('currency'))}"
    return None


def _claimed(one: Mapping[str, JsonValue], spoken: Phrases) -> str:
    return spoken("level.claimed", level=fit(one.get("targetName") or one.get("targetCode")))


def _aligned(document: JsonObject, kinds: frozenset[str]) -> list[JsonObject]:
    return [one for one in objects_of(document, "alignment") if one.get("targetType") in kinds]


def _picture(document: JsonObject) -> JsonValue:
    image = document.get("image")
    return image.get("id") if isinstance(image, dict) else image


def _objects(value: JsonValue) -> list[JsonObject]:
    return [one for one in _many(value) if isinstance(one, dict)]


def _many(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else [] if value is None else [value]
