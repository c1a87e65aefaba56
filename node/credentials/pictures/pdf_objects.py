"""The objects of a PDF file in its plainest form, read so that no other reader can find other ones.

The form: a header, the objects one after the other from number 1, one table of their places, one trailer, the end.
Every byte belongs to one of these. What the format offers beside it (updates that append, objects in compressed
streams, encryption, comments, gaps) is refused: there readers differ, and our pages do not need it.

Spec: https://pdfa.org/resource/iso-32000-2/, 7.3 Objects and 7.5 File structure
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from node.credentials.errors import PdfError

MAX_OBJECTS: Final = 20_000
"""A page of ours has about fifty objects and one more for each paragraph."""
MAX_SYNTAX_BYTES: Final = 1024 * 1024
"""Bytes outside streams: they are read token by token, in about half a second."""
MAX_NESTING: Final = 16
"""Dictionaries and arrays within each other; our pages have six."""

type Value = "bool | int | float | bytes | Name | Reference | list[Value] | dict[str, Value] | None"


class Name(NamedTuple):
    """A name, its escapes resolved: `/#45F` is `EF`."""

    text: str


class Reference(NamedTuple):
    """A reference to the object of a number."""

    number: int


class PdfObject(NamedTuple):
    """An object; `stream` is its data as it stands, None where it has none."""

    value: Value
    stream: bytes | None


@dataclass(frozen=True, slots=True)
class PdfFile:
    """The objects of a file by their numbers, and its trailer."""

    objects: Mapping[int, PdfObject]
    trailer: Mapping[str, Value]

    def resolve(self, value: Value) -> Value:
        """The value, or that of the object it refers to; raises PdfError for a reference to nothing, or to another."""
        if not isinstance(value, Reference):
            return value
        found = self.objects.get(value.number)
        if found is None or isinstance(found.value, Reference):
            raise _other(f"the reference to object {value.number} leads nowhere")
        return found.value

    def dictionary(self, value: Value, what: str) -> dict[str, Value]:
        """The dictionary that a value is or refers to; raises PdfError where it is none."""
        found = self.resolve(value)
        if not isinstance(found, dict):
            raise _other(f"there is no {what}")
        return found

    def dictionaries(self) -> Iterator[dict[str, Value]]:
        """Every dictionary of the file, however deep."""
        pending: list[Value] = [found.value for found in self.objects.values()]
        while pending:
            value = pending.pop()
            if isinstance(value, dict):
                yield value
                pending += value.values()
            elif isinstance(value, list):
                pending += value


_HEADER: Final = re.compile(rb"%PDF-1\.[4-7]\n%[\x80-\xff]{3,8}\n\n?")
_OBJECT: Final = re.compile(rb"([1-9]\d{0,5}) 0 obj\n")
_TABLE: Final = re.compile(rb"xref\n0 ([1-9]\d{0,5})\n")
_ENTRY_BYTES: Final = 20
_END: Final = re.compile(rb"\nstartxref\n(\d{1,8})\n%%EOF\n?")
_STREAM: Final = b"\nstream\n"
_END_STREAM: Final = b"\nendstream"
_END_OBJECT: Final = b"\nendobj\n"
_AFTER: Final = rb"(?=[ \n<>\[\]()/]|$)"
_TOKEN: Final = re.compile(
    rb"[ \n]*(?:"
    rb"(?P<reference>(\d{1,6}) 0 R" + _AFTER + rb")"
    rb"|(?P<number>[+-]?(?:\d{1,12}(?:\.\d{0,20})?|\.\d{1,20})" + _AFTER + rb")"
    rb"|/(?P<name>[!-$&'*-.0-;=?-Z\\^-z|~]{0,120})" + _AFTER + rb""
    rb"|<(?P<hexadecimal>[0-9A-Fa-f]*)>"
    rb"|(?P<sign><<|>>|\[|\]|\()"
    rb"|(?P<word>true|false|null)" + _AFTER + rb")"
)
_NAME_ESCAPE: Final = re.compile(r"#([0-9A-Fa-f]{2})")
_WORDS: Final[Mapping[bytes, bool | None]] = {b"true": True, b"false": False, b"null": None}
_LITERAL: Final = re.compile(rb"[^()\\\r]*")
_ESCAPE: Final = re.compile(rb"\\([nrtbf()\\]|[0-7]{3})")
_ESCAPED: Final[Mapping[bytes, bytes]] = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def read_objects(file: bytes) -> PdfFile:
    """The objects of a file; raises PdfError for a file in any other form.

    1. The header. 2. The objects, numbered from 1 in the order in which they stand, nothing between them.
    3. The table, which must name exactly the places at which they stand. 4. The trailer, for as many objects, and with
    no table before this one. 5. The place of the table, and the end of the file.
    """
    header = _HEADER.match(file)  # 1
    if header is None:
        raise _other("it does not begin as our pages do")
    place, places = header.end(), [0]
    objects: dict[int, PdfObject] = {}
    spent = 0
    while head := _OBJECT.match(file, place):  # 2
        number = len(places)
        if int(head[1]) != number or number > MAX_OBJECTS:
            raise _other(f"object {int(head[1])} stands where {number} belongs, or there are too many")
        found, end = _object(file, head.end())
        spent += end - place - len(found.stream or b"")
        if spent > MAX_SYNTAX_BYTES:
            raise _other(f"there are more than {MAX_SYNTAX_BYTES} bytes outside streams")
        places.append(place)
        objects[number] = found
        place = end
    table = place
    place = _table(file, place, places)  # 3
    trailer, place = _value(file, place, 0)  # 4
    if not isinstance(trailer, dict) or trailer.get("Size") != len(places) or not trailer.keys() <= _TRAILER:
        raise _other("its trailer says that there is more than stands in it")
    ending = _END.fullmatch(file, place)  # 5
    if ending is None or int(ending[1]) != table:
        raise _other("it does not end after its table and trailer")
    return PdfFile(objects, trailer)


_TRAILER: Final = frozenset({"Size", "Root", "Info", "ID"})
"""What a trailer of ours says; `Prev`, `XRefStm` and `Encrypt` would each bring another reading."""


def _table(file: bytes, place: int, places: list[int]) -> int:
    """Where the table of places ends; raises PdfError where it is not the one that follows from the file."""
    head = _TABLE.match(file, place)
    if head is None or int(head[1]) != len(places):
        raise _other("something stands between its objects and their table")
    entries = [b"%010d 00000 n\r\n" % at for at in places[1:]]
    expected = b"0000000000 65535 f\r\n" + b"".join(entries) + b"trailer\n"
    end = head.end() + _ENTRY_BYTES * len(places) + len(b"trailer\n")
    if file[head.end() : end] != expected:
        raise _other("its table does not name the places at which the objects stand")
    return end


def _object(file: bytes, place: int) -> tuple[PdfObject, int]:
    """The object whose value begins at a place, and where the next may begin."""
    value, place = _value(file, place, 0)
    stream = None
    if file.startswith(_STREAM, place):
        length = value.get("Length") if isinstance(value, dict) else None
        if type(length) is not int or length < 0:
            raise _other("a stream does not say its length")
        place += len(_STREAM)
        stream = file[place : place + length]
        place += length
        if not file.startswith(_END_STREAM, place):
            raise _other("a stream does not end where it says")
        place += len(_END_STREAM)
    if not file.startswith(_END_OBJECT, place):
        raise _other(f"the object before byte {place} does not end there")
    return PdfObject(value, stream), place + len(_END_OBJECT)


def _value(file: bytes, place: int, depth: int) -> tuple[Value, int]:
    """The value that begins at a place, and where it ends."""
    token = _TOKEN.match(file, place)
    if token is None or depth > MAX_NESTING:
        raise _other(f"byte {place} begins nothing that an object of ours consists of")
    end = token.end()
    match token["sign"]:
        case b"<<":
            return _dictionary(file, end, depth)
        case b"[":
            return _array(file, end, depth)
        case b"(":
            return _literal(file, end)
        case None:
            return _plain(token), end
        case _:
            raise _other(f"the bracket at byte {end - 1} closes nothing")


def _plain(token: re.Match[bytes]) -> Value:
    """A value that is one token."""
    text = token[0].strip(b" \n")
    match token.lastgroup:
        case "reference":
            return Reference(int(token[2]))
        case "number":
            return float(text) if b"." in text else int(text)
        case "name":
            return _name(token["name"])
        case "hexadecimal":
            digits = token["hexadecimal"].decode()
            return bytes.fromhex(digits + "0" * (len(digits) % 2))
        case _:
            return _WORDS[text]


def _dictionary(file: bytes, place: int, depth: int) -> tuple[dict[str, Value], int]:
    found: dict[str, Value] = {}
    while (token := _TOKEN.match(file, place)) and token["name"] is not None:
        name = _name(token["name"]).text
        if name in found:
            raise _other(f"a dictionary has the key {name[:40]!r} twice")
        found[name], place = _value(file, token.end(), depth + 1)
    if token is None or token["sign"] != b">>":
        raise _other(f"the dictionary before byte {place} does not end")
    return found, token.end()


def _array(file: bytes, place: int, depth: int) -> tuple[list[Value], int]:
    found: list[Value] = []
    while (token := _TOKEN.match(file, place)) and token["sign"] != b"]":
        value, place = _value(file, place, depth + 1)
        found.append(value)
    if token is None:
        raise _other(f"the array before byte {place} does not end")
    return found, token.end()


def _literal(file: bytes, place: int) -> tuple[bytes, int]:
    """The text between brackets, which may hold pairs of them."""
    parts: list[bytes] = []
    depth = 1
    while plain := _LITERAL.match(file, place):
        parts.append(plain[0])
        place = plain.end()
        if escape := _ESCAPE.match(file, place):
            said = escape[1]
            parts.append(bytes([int(said, 8) & 0xFF]) if said.isdigit() else _ESCAPED.get(said, said))
            place = escape.end()
            continue
        sign = file[place : place + 1]
        if sign not in {b"(", b")"}:
            break
        depth += 1 if sign == b"(" else -1
        place += 1
        if depth == 0:
            return b"".join(parts), place
        parts.append(sign)
    raise _other(f"the text before byte {place} does not end")


def _name(text: bytes) -> Name:
    return Name(_NAME_ESCAPE.sub(lambda escape: chr(int(escape[1], 16)), text.decode("ascii")))


def _other(why: str) -> PdfError:
    return PdfError(f"the PDF is not as it was printed: {why}", code="picture.pdf.form")
