"""JCS: one text for all JSON documents that differ only in layout and in the order of members.

Spec: https://www.rfc-editor.org/rfc/rfc8785
"""

from typing import Final

import orjson
import rfc8785

from node.documents import MAX_DEPTH, MAX_SAFE_INTEGER, JsonValue
from node.proofs.errors import JcsError

_FIRST_REORDERED: Final = "\ud800"
"""JCS sorts names by UTF-16 code units, orjson by code points. Both orders are one below the surrogates."""


def jcs(value: JsonValue) -> bytes:
    """The canonical form of the value in UTF-8.

    Raises JcsError for what has none: NaN and infinities, integers beyond MAX_SAFE_INTEGER, lone surrogates, anything
    but JSON. What documents.parse returned always has one.

    Spec: https://www.rfc-editor.org/rfc/rfc8785#section-3.2
    """
    try:
        if _is_plain(value):
            return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
        return rfc8785.dumps(value)
    except RecursionError as error:
        raise JcsError("the value is nested too deep", code="jcs.too_deep") from error
    except (ValueError, TypeError) as error:  # what both libraries raise for a value, or their message about it
        raise JcsError(f"the value has no canonical form: {error}") from error


def _is_plain(value: JsonValue) -> bool:
    """Whether orjson with sorted names writes this value as JCS does.

    Both write no white space, null, true and false alike, integers of the safe range in decimal, and in strings only
    the escapes that ECMAScript's JSON.stringify writes (section 3.2.2.2; a test compares every character there is).
    They differ in floats, where orjson writes 3.0 for 3, and in names beyond U+D7FF (section 3.2.3). orjson also writes
    dates, enumerations and dataclasses, so only the very types of JSON count.
    """
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        below: list[JsonValue] = []
        for node in level:
            if type(node) is dict:
                names = "".join(node)
                if not names.isascii() and max(names) >= _FIRST_REORDERED:
                    return False
                below += node.values()
            elif type(node) is list:
                below += node
            elif type(node) is int:
                if not -MAX_SAFE_INTEGER <= node <= MAX_SAFE_INTEGER:
                    return False
            elif type(node) is not str and node is not None and node is not True and node is not False:
                return False
        level = [node for node in below if type(node) is not str]
        if not level:
            return True
    return False
