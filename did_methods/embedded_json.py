"""JSON that stands inside an identifier: read so that no two readers can take it for different things.

Spec: https://www.rfc-editor.org/rfc/rfc8259, https://www.rfc-editor.org/rfc/rfc7493
"""

import json
from typing import Final, NoReturn

from did_methods.errors import InvalidDidError, shown
from did_methods.json_web_key import JsonValue

MAX_BRACKETS: Final = 256
"""A document of a dozen keys and services has a hundred. More than these in one identifier are an attack on parsers."""
MAX_SAFE_INTEGER: Final = 2**53 - 1
"""RFC 7493, 2.2: beyond it readers round."""

_MAX_DIGITS: Final = len(str(-MAX_SAFE_INTEGER))


def parse_embedded(data: bytes, *, max_brackets: int = MAX_BRACKETS, numbers: bool = True) -> JsonValue:
    """The value of a JSON text in UTF-8; raises InvalidDidError for one that readers could understand differently.

    No member stands twice, no text holds half a character, and numbers are whole and small, if there are any.
    """
    if data.count(b"[") + data.count(b"{") > max_brackets:
        _refuse("has too many brackets")
    read_integer = _integer if numbers else _refuse_number
    try:
        value: JsonValue = json.loads(
            data.decode(),
            object_pairs_hook=_without_duplicates,
            parse_int=read_integer,
            parse_float=_refuse_number,
            parse_constant=_refuse_number,
        )
        # A lone surrogate passes the parser, but no UTF-8 text can carry it.
        json.dumps(value, ensure_ascii=False).encode()
    except (UnicodeError, json.JSONDecodeError):
        _refuse("is no JSON text in UTF-8")
    return value


def _without_duplicates(members: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    result = dict(members)
    if len(result) != len(members):
        _refuse("has a member twice")
    return result


def _integer(text: str) -> int:
    if len(text) > _MAX_DIGITS or abs(int(text)) > MAX_SAFE_INTEGER or text == "-0":
        _refuse_number(text)
    return int(text)


def _refuse_number(text: str) -> NoReturn:
    _refuse(f"has the number {shown(text)}, which readers of JSON disagree about, or which has no place there")


def _refuse(reason: str) -> NoReturn:
    raise InvalidDidError(
        f"the JSON inside the identifier {reason}",
        code="did.syntax",
        remedy="Compare the identifier with its source, letter by letter; it was altered or made by a faulty program.",
    )
