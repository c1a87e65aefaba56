"""Reading the JSON form of material: each member is what it has to be, or MaterialError says where it is not."""

from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from node.credentials.errors import TimestampError
from node.credentials.timestamps import parse_timestamp
from node.documents import MAX_SAFE_INTEGER, JsonObject, JsonValue
from node.verification.errors import MaterialError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

MAX_DIGITS: Final = 20
"""Of the largest number of 64 bits, as which contracts hold what is counted here."""
_HEX: Final = "0x"


def as_object(value: JsonValue, path: str) -> JsonObject:
    """The value, which is an object."""
    if not isinstance(value, dict):
        raise invalid(path, "it is no object")
    return value


def as_list(value: JsonValue, path: str) -> list[JsonValue]:
    """The value, which is a list."""
    if not isinstance(value, list):
        raise invalid(path, "it is no list")
    return value


def as_bytes(value: JsonValue, path: str) -> bytes:
    """The bytes that the value is the base64 text of."""
    if not isinstance(value, str):
        raise invalid(path, "it is no text")
    try:
        return b64decode(value, validate=True)
    except (Base64Error, ValueError) as error:  # no base64, or no ASCII
        raise invalid(path, "it is no base64 text") from error


def base64_text(content: bytes) -> str:
    """The text that `as_bytes` reads."""
    return b64encode(content).decode()


def hex_text(value: bytes) -> str:
    """The text that `bytes_of_hex` reads."""
    return _HEX + value.hex()


def bytes_of_hex(item: JsonObject, member: str, path: str) -> bytes:
    """A member that is bytes as a hexadecimal text."""
    text = text_in(item, member, path)
    try:
        return bytes.fromhex(text.removeprefix(_HEX))
    except ValueError as error:
        raise invalid(f"{path}/{member}", "it is no hexadecimal text") from error


def fields_json(value: "DataclassInstance") -> JsonObject:
    """A record of bytes and numbers by the names of its members; `fields_from` reads it back."""
    told: JsonObject = {}
    for member in fields(value):
        content = getattr(value, member.name)
        told[member.name] = hex_text(content) if isinstance(content, bytes) else whole(content)
    return told


def whole(number: int) -> int | str:
    """A number from none on; one that not all readers of JSON can hold, as a text. `whole_in` reads it back."""
    return number if number <= MAX_SAFE_INTEGER else str(number)


def fields_from[D: "DataclassInstance"](kind: type[D], item: JsonObject, path: str) -> D:
    """The record of this kind that `fields_json` wrote; raises MaterialError."""
    members: dict[str, Any] = {
        member.name: bytes_of_hex(item, member.name, path)
        if member.type is bytes
        else whole_in(item, member.name, path)
        for member in fields(kind)
    }
    return kind(**members)


def text_in(item: JsonObject, member: str, path: str) -> str:
    """A member that is a text."""
    value = item.get(member)
    if not isinstance(value, str):
        raise invalid(f"{path}/{member}", "it is no text")
    return value


def number_in(item: JsonObject, member: str, path: str) -> int:
    """A member that is a number of something, from none on."""
    value = item.get(member)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise invalid(f"{path}/{member}", "it is no whole number")
    return value


def whole_in(item: JsonObject, member: str, path: str) -> int:
    """A member that is a number of something; one that not all readers of JSON can hold is a text."""
    value = item.get(member)
    if not isinstance(value, str):
        return number_in(item, member, path)
    if not (value.isascii() and value.isdigit() and len(value) <= MAX_DIGITS and whole(int(value)) == value):
        raise invalid(f"{path}/{member}", "it is no whole number")
    return int(value)


def time_in(item: JsonObject, member: str, path: str) -> datetime:
    """A member that is a moment."""
    try:
        return parse_timestamp(item.get(member))
    except TimestampError as error:
        raise invalid(f"{path}/{member}", str(error)) from error


def one_of[E: StrEnum](kind: type[E], item: JsonObject, member: str, path: str) -> E:
    """A member that is one of these words."""
    told = text_in(item, member, path)
    try:
        return kind(told)
    except ValueError as error:
        raise invalid(path, str(error)) from error


def objects_in(table: JsonObject, member: str) -> list[tuple[str, JsonObject]]:
    """The objects in a list at the top, each with its path."""
    listed = as_list(table.get(member), f"/{member}")
    return [
        (place, as_object(item, place))
        for place, item in ((f"/{member}/{index}", item) for index, item in enumerate(listed))
    ]


def members_of(table: Mapping[str, JsonValue], member: str) -> list[tuple[str, str, JsonObject]]:
    """The objects in an object at the top, each with its name and path."""
    listed = as_object(table.get(member), f"/{member}")
    return [
        (name, place, as_object(item, place))
        for name, place, item in ((name, f"/{member}/{name}", item) for name, item in listed.items())
    ]


def invalid(path: str, reason: str) -> MaterialError:
    """The error for what cannot be used, where it stands."""
    return MaterialError(
        f"the material cannot be used at {path[:96] or 'its top'}: {reason[:160]}",
        code="material.invalid",
        remedy="Gather it again, or ask whoever handed over the file for a sound one.",
        path=path,
    )
