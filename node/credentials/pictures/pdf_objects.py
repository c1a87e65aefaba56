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

MAX_OBJECTS: Final = 5_000
"""A page of ours has about fifty objects and a few more for each paragraph; the longest has a thousand."""
MAX_SYNTAX_BYTES: Final = 512 * 1024
"""Bytes outside streams, the table among them, read token by token; the longest page of ours has half of them."""
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
    syntax = _Syntax(file, header.end())
    places = [0]
    objects: dict[int, PdfObject] = {}
    while head := _OBJECT.match(file, syntax.place):  # 2
        number = len(places)
        if int(head[1]) != number or number > MAX_OBJECTS:
            raise _other(f"object {int(head[1])} stands where {number} belongs, or there are too many")
        places.append(syntax.place)
        syntax.place = head.end()
        objects[number] = _object(syntax)
    table = syntax.place
    syntax.place = _table(file, table, places)  # 3
    trailer = syntax.value()  # 4
    if not isinstance(trailer, dict) or trailer.get("Size") != len(places) or not trailer.keys() <= _TRAILER:
        raise _other("its trailer says that there is more than stands in it")
    ending = _END.fullmatch(file, syntax.place)  # 5
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
    end = head.end() + len(expected)
    if file[head.end() : end] != expected:
        raise _other("its table does not name the places at which the objects stand")
    return end


def _object(syntax: "_Syntax") -> PdfObject:
    """The object whose value comes next."""
    value = syntax.value()
    stream = None
    if syntax.passes(_STREAM):
        length = value.get("Length") if isinstance(value, dict) else None
        if type(length) is not int or length < 0:
            raise _other("a stream does not say its length")
        stream = syntax.stream(length)
    if not syntax.passes(_END_OBJECT):
        raise _other(f"the object before byte {syntax.place} does not end there")
    return PdfObject(value, stream)


class _Syntax:
    """Reads values, one after the other; `place` is where it stands. Streams apart, it reads up to a bound."""

    __slots__ = ("_bound", "_file", "place")

    def __init__(self, file: bytes, place: int) -> None:
        self._file = file
        self.place = place
        self._bound = place + MAX_SYNTAX_BYTES

    def passes(self, keyword: bytes) -> bool:
        """Whether the keyword stands here; then it is passed."""
        found = self._file.startswith(keyword, self.place)
        self.place += len(keyword) if found else 0
        return found

    def stream(self, length: int) -> bytes:
        """The data of a stream, which does not count as syntax."""
        data = self._file[self.place : self.place + length]
        self.place += length
        self._bound += length
        if not self.passes(_END_STREAM):
            raise _other("a stream does not end where it says")
        return data

    def value(self, depth: int = 0) -> Value:
        """The value that begins here."""
        token = self._token()
        if token is None or depth > MAX_NESTING:
            raise _other(f"byte {self.place} begins nothing that an object of ours consists of")
        self.place = token.end()
        match token["sign"]:
            case b"<<":
                return self._dictionary(depth)
            case b"[":
                return self._array(depth)
            case b"(":
                return self._literal()
            case None:
                return _plain(token)
            case _:
                raise _other(f"the bracket before byte {self.place} closes nothing")

    def _token(self) -> re.Match[bytes] | None:
        return _TOKEN.match(self._file, self.place, self._bound)

    def _dictionary(self, depth: int) -> dict[str, Value]:
        found: dict[str, Value] = {}
        while (token := self._token()) and token["name"] is not None:
            self.place = token.end()
            name = _name(token["name"]).text
            if name in found:
                raise _other(f"a dictionary has the key {name[:40]!r} twice")
            found[name] = self.value(depth + 1)
        if token is None or token["sign"] != b">>":
            raise _other(f"the dictionary before byte {self.place} does not end")
        self.place = token.end()
        return found

    def _array(self, depth: int) -> list[Value]:
        found: list[Value] = []
        while (token := self._token()) and token["sign"] != b"]":
            found.append(self.value(depth + 1))
        if token is None:
            raise _other(f"the array before byte {self.place} does not end")
        self.place = token.end()
        return found

    def _literal(self) -> bytes:
        """The text between brackets, which may hold pairs of them."""
        parts: list[bytes] = []
        depth = 1
        while plain := _LITERAL.match(self._file, self.place, self._bound):
            parts.append(plain[0])
            self.place = plain.end()
            if escape := _ESCAPE.match(self._file, self.place, self._bound):
                said = escape[1]
                parts.append(bytes([int(said, 8) & 0xFF]) if said.isdigit() else _ESCAPED.get(said, said))
                self.place = escape.end()
                continue
            sign = self._file[self.place : self.place + 1]
            if sign not in {b"(", b")"} or self.place >= self._bound:
                break
            depth += 1 if sign == b"(" else -1
            self.place += 1
            if depth == 0:
                return b"".join(parts)
            parts.append(sign)
        raise _other(f"the text before byte {self.place} does not end")


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


def _name(text: bytes) -> Name:
    return Name(_NAME_ESCAPE.sub(lambda escape: chr(int(escape[1], 16)), text.decode("ascii")))


def _other(why: str) -> PdfError:
    return PdfError(f"the PDF is not as it was printed: {why}", code="picture.pdf.form")
