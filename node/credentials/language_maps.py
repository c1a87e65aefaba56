"""Texts in other languages, which stand beside the plain text that Open Badges takes.

Spec: https://www.w3.org/TR/json-ld11/#language-maps, https://www.rfc-editor.org/rfc/bcp/bcp47.txt
"""

import re
from collections.abc import Iterator
from typing import Final

from node.credentials.errors import shown
from node.credentials.findings import Finding, wrong
from node.documents import JsonObject, pointer

_TAG: Final = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,7}", re.ASCII)


def check_language_map(owner: JsonObject, member: str, path: str) -> Iterator[Finding]:
    """That a member, if it is there, has a language tag for each text, and nothing else."""
    if member not in owner:
        return
    value, path = owner[member], path + pointer(member)
    if not isinstance(value, dict):
        message = f"{shown(value)} is no map from languages to texts"
        yield wrong("achievement.language", path, message, 'Write it as in {"pl": "Spawanie"}.')
        return
    for tag, text in value.items():
        if not _TAG.fullmatch(tag):
            remedy = "Use a tag such as pl, or uk."
            yield wrong("achievement.language", path + pointer(tag), f"{shown(tag)} is no language tag", remedy)
        elif not isinstance(text, str) or not text.strip():
            message = f"{shown(text)} is no text"
            yield wrong("achievement.language", path + pointer(tag), message, "Write a text, or leave it out.")
