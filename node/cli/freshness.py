"""How fresh the answers of a verdict are: as of when keys, time record and withdrawal are known.

Whoever checks a capsule years later knows nothing of what happened since: each answer says up to when it speaks.
"""

from collections.abc import Iterator
from typing import Final

from node.cli.words import Words
from node.documents import JsonValue
from node.verification.check import Check, CheckName
from node.verification.material import Origin
from node.verification.phrases import Phrases, phrases
from node.verification.report import CredentialReport

KEYS: Final = {
    Origin.COMPUTED: "fresh.keys_computed",
    Origin.PINNED: "fresh.keys_pinned",
    Origin.LIVE: "fresh.keys_live",
    Origin.FILE: "fresh.keys_file",
}


def freshness(entry: CredentialReport, words: Words) -> list[str]:
    """One line for each answer that has a date, in the order of the checks."""
    known = phrases(words.language)
    return [
        *_keys(entry.check(CheckName.ISSUER_KEY), words, known),
        *_dated("fresh.status", entry.check(CheckName.STATUS).evidence.get("time"), words, known),
        *_dated("fresh.record", entry.check(CheckName.ANCHOR).evidence.get("asOf"), words, known),
        *_dated("fresh.authority", entry.check(CheckName.AUTHORITY).evidence.get("asOf"), words, known),
    ]


def _keys(check: Check, words: Words, known: Phrases) -> Iterator[str]:
    evidence = check.evidence
    origin = evidence.get("origin")
    if evidence.get("shownUntil") is not None:
        yield words("fresh.keys_shown", time=known.date(evidence["shownUntil"]))
    elif isinstance(origin, str) and origin in KEYS:
        yield words(KEYS[Origin(origin)], time=known.date(evidence.get("resolvedAt")))
    if evidence.get("anchoredAt") is not None:
        yield words("fresh.keys_then", time=known.date(evidence["anchoredAt"]))


def _dated(key: str, time: JsonValue, words: Words, known: Phrases) -> Iterator[str]:
    if time is not None:
        yield words(key, time=known.date(time))
