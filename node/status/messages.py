"""What the values of an entry mean, where it has more than the two of a single bit.

Spec: https://www.w3.org/TR/vc-bitstring-status-list/#bitstringstatuslistentry
"""

import re
from typing import Final

from node.credentials.errors import shown
from node.documents import JsonObject, JsonValue, pointer
from node.status.bitstring import MAX_SIZE
from node.status.errors import StatusError

type Messages = tuple[str, ...]
"""The message of each value, by the value."""

_HEXADECIMAL: Final = re.compile(r"0x[0-9a-f]{1,2}", re.ASCII | re.IGNORECASE)


def read_size(holder: JsonObject, path: str, error: type[StatusError]) -> int | None:
    """`statusSize`, None where it is not stated."""
    size = holder.get("statusSize")
    if "statusSize" not in holder:
        return None
    if type(size) is not int or not 1 <= size <= MAX_SIZE:
        message = f"statusSize is {shown(size)}; 1 to {MAX_SIZE} are read"
        raise error(message, code=f"{error.default_code}.size", path=f"{path}/statusSize")
    return size


def read_messages(holder: JsonObject, member: str, size: int, path: str, error: type[StatusError]) -> Messages | None:
    """The messages in a member, one for each value of so many bits; None where it is not there.

    The order in which they stand is covered by no RDF proof, so each goes by the value it names.
    """
    if member not in holder:
        return None
    code, path = f"{error.default_code}.messages", path + pointer(member)
    stated: dict[int, str] = {}
    values = holder[member]
    for item in values if isinstance(values, list) else [values]:
        value, text = _read(item)
        if value is None or text is None or value in stated:
            message = f"{shown(item)} is no message of its own, with its status as in 0x1"
            raise error(message, code=code, path=path)
        stated[value] = text
    if stated.keys() != set(range(1 << size)):
        message = f"{len(stated)} messages are stated; {1 << size} values need one each"
        raise error(message, code=code, path=path)
    return tuple(stated[value] for value in range(1 << size))


def write_messages(messages: Messages) -> list[JsonValue]:
    """The messages as an entry states them."""
    return [{"status": f"{value:#x}", "message": text} for value, text in enumerate(messages)]


def _read(item: JsonValue) -> tuple[int | None, str | None]:
    if not isinstance(item, dict):
        return None, None
    value, text = item.get("status"), item.get("message")
    number = int(value, 16) if isinstance(value, str) and _HEXADECIMAL.fullmatch(value) else None
    return number, text if isinstance(text, str) else None
