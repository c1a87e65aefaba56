"""A capsule: documents in one file with all it takes to judge them later, without a network, and without their issuers.

It is untrusted input, whoever made it. An item in it counts where it authenticates itself, to this verifier's trust,
and not because it is there: all of them are material that came with a file. What could never count that way is not put
in: what nodes agreed on, pages of hosts, and why something was not had.

There are two forms, with the same in both: CBOR (`.capsule`), and JSON for people and other tools (`.capsule.json`).
Each value has one form in CBOR. Documents stand in either exactly as they were received.

Spec: docs/concepts/capsules.md
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass, field, replace
from datetime import UTC, datetime
from typing import Final, Self

import orjson

from anchoring.cbor import MAX_VALUES
from node.credentials.presentation import MAX_PRESENTED
from node.credentials.timestamps import format_timestamp
from node.documents import MAX_PRESENTATION_BYTES, MAX_SAFE_INTEGER, DocumentError, JsonObject, JsonValue, parse_object
from node.verification.errors import CapsuleError, MaterialError
from node.verification.ledger_material import FactProof, LedgerMaterial
from node.verification.material import (
    EMPTY,
    Origin,
    PublishedCopy,
    ResolvedDocument,
    ResourceCopy,
    VerificationMaterial,
)
from node.verification.material_members import as_list, as_object, invalid, text_in, time_in
from node.verification.policy import KeyEvidence
from node.verification.received import may_be_token, subject_of

FORMAT: Final = "glejt/capsule/v1"
"""What a capsule says that it is, in both forms; other rules for what is in it take another version."""
SUFFIX: Final = ".capsule"
JSON_SUFFIX: Final = ".capsule.json"
CBOR_TYPE: Final = "application/vnd.glejt.capsule+cbor"
JSON_TYPE: Final = "application/vnd.glejt.capsule+json"
MAX_BYTES: Final = 8 * 1024 * 1024
"""A capsule in either form: usual ones have 20 to 100 kB; a log of a megabyte, with its witnesses, fits four times."""
MAX_ITEMS: Final = 256
"""Items of one kind that a capsule holds; a verifier looks at fewer of most kinds."""
MAX_FILES: Final = 2050
"""Files of one document: what a history on a chain has at most."""
MAX_CONTEXTS: Final = 128
MAX_CHARS: Final = 4096
"""Of an identifier, an address, or the name of a file."""
SHA256_CHARS: Final = 64
_COUNTED: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+"?+|[\[{,]', re.DOTALL)
"""A text, as far as it goes, or what stands before a value: linear, whatever it is given."""
_REMEDY: Final = "Ask whoever handed it over for it again, as it was made."


@dataclass(frozen=True, slots=True)
class Capsule:
    """Documents, and what came with them. Whoever reads one relies on nothing in it."""

    documents: tuple[bytes, ...]
    """What is to be judged, each exactly as it was received: a credential, a presentation, a token."""
    material: VerificationMaterial
    made: datetime
    """When it was put together, as its maker says."""
    beside: tuple[bytes, ...] = ()
    """Signed statements about the documents, exactly as received: labels of them."""
    contexts: Mapping[str, str] = field(default_factory=dict)
    """SHA-256 of the RFC 8785 form of each context that the documents need, by its address."""

    @classmethod
    def of(
        cls,
        documents: Iterable[bytes],
        material: VerificationMaterial = EMPTY,
        *,
        made: datetime,
        beside: Iterable[bytes] = (),
        contexts: Mapping[str, str] | None = None,
    ) -> Self:
        """The capsule of these, each item in the one order, and marked as what came with a file; raises CapsuleError.

        1. Material is reduced to what can count for somebody else.
        2. What is there is bounded in number, and what is to be a text is one.
        """
        capsule = cls(
            tuple(documents),
            untrusted(material),  # 1.
            _second(made),
            tuple(dict.fromkeys(beside)),
            dict(sorted((contexts or {}).items())),
        )
        _check(capsule)  # 2.
        return capsule

    @property
    def subject_bytes(self) -> bytes:
        """What is to be judged, as one document: several are a list of them. No byte of any is changed."""
        if len(self.documents) == 1:
            return self.documents[0]
        return b"[" + b",".join(map(_listed, self.documents)) + b"]"

    @property
    def beside_values(self) -> tuple[JsonValue, ...]:
        """What the statements say; what cannot be read as any is passed over, as anything that proves nothing."""
        return tuple(_readable(self.beside))

    def to_json(self) -> JsonObject:
        """The capsule as plain JSON; `from_json` reads it back."""
        return {
            "format": FORMAT,
            "made": format_timestamp(self.made),
            "documents": [document.decode() for document in self.documents],
            "beside": [statement.decode() for statement in self.beside],
            "contexts": dict(self.contexts),
            "material": self.material.to_json(),
        }

    @classmethod
    def from_json(cls, value: JsonValue) -> Self:
        """The capsule that `to_json` wrote; raises CapsuleError for anything else.

        What it says of the origin of its items is not believed: it may say only that they came with a file.
        """
        try:
            table = as_object(value, "")
            if table.get("format") != FORMAT:
                raise invalid("/format", f"it is not {FORMAT}")
            contexts = as_object(table.get("contexts"), "/contexts")
            capsule = cls.of(
                _texts(table, "documents"),
                VerificationMaterial.from_json(table.get("material")),
                made=time_in(table, "made", ""),
                beside=_texts(table, "beside"),
                contexts={url: text_in(contexts, url, "/contexts") for url in contexts},
            )
        except MaterialError as error:
            raise _wrong(f"{error}", path=error.path) from error
        if capsule.to_json() != table:
            raise _wrong("it is not what a capsule with these items looks like in JSON")
        return capsule

    def json_text(self) -> bytes:
        """The form for people; raises CapsuleError where it would be too long."""
        text = orjson.dumps(self.to_json(), option=orjson.OPT_INDENT_2) + b"\n"
        if len(text) > MAX_BYTES:
            raise too_large(len(text))
        _require_few_values(text)
        return text


def looks_like_capsule(data: bytes) -> bool:
    """Whether bytes could be a capsule in either form, told at a glance; `read_capsule` tells for certain."""
    return FORMAT.encode() in (data if data[:1] in {b"{", b" ", b"\n", b"\r", b"\t"} else data[:24])


def read_capsule(data: bytes) -> Capsule | None:
    """The capsule in these bytes, in either form; None for what is none. Raises CapsuleError for a broken one."""
    if not looks_like_capsule(data):
        return None
    if len(data) > MAX_BYTES:
        raise too_large(len(data))
    if data.lstrip()[:1] != b"{":
        from node.verification.capsule_cbor import decode  # noqa: PLC0415 -- it builds on this module

        return decode(data)
    _require_few_values(data)
    try:
        value = parse_object(data, max_bytes=MAX_BYTES)
    except DocumentError:
        return None  # whatever it is, whoever reads documents says what is wrong with it
    return Capsule.from_json(value) if value.get("format") == FORMAT else None


def _require_few_values(text: bytes) -> None:
    """Refuse a text of more values than a capsule in CBOR may have: eight megabytes of them take hundreds in memory."""
    if sum(map(text.count, b",[{")) <= MAX_VALUES:
        return  # those within texts are among them
    values = 0
    for seen, found in enumerate(_COUNTED.finditer(text)):
        values += found[0][:1] != b'"'
        if values > MAX_VALUES or seen > 3 * MAX_VALUES:  # a value has a name and a text of its own, at most
            raise _wrong(f"more than {MAX_VALUES} values of JSON")


def untrusted(material: VerificationMaterial) -> VerificationMaterial:
    """What of material can count for a verifier who did not gather it, marked as what came with a file.

    Of a document its evidence is left out, too: what shows since when it was so are its files, or a record on a chain.
    """
    ledgers = material.ledgers or LedgerMaterial()
    kept = LedgerMaterial(
        tuple(dict.fromkeys(ledgers.receipts)),
        tuple(dict.fromkeys(ledgers.checkpoints)),
        tuple(dict.fromkeys(_fact(fact) for fact in ledgers.facts)),
        bridges=tuple(dict.fromkeys(ledgers.bridges)),
    )
    return VerificationMaterial(
        {
            did: ResolvedDocument(
                item.document,
                KeyEvidence.NOW_ONLY,
                Origin.FILE,
                _second(item.resolved_at),
                dict(sorted(item.files.items())),
            )
            for did, item in sorted(material.documents.items())
        },
        status_lists=tuple(dict.fromkeys(map(_copy, material.status_lists))),
        resources=tuple(dict.fromkeys(map(_resource, material.resources))),
        ledgers=kept or None,
        accreditations=tuple(dict.fromkeys(map(_resource, material.accreditations))),
    )


def too_large(size: int) -> CapsuleError:
    """The error for a capsule beyond all bounds."""
    return CapsuleError(
        f"a capsule of {size} bytes; at most {MAX_BYTES} are read",
        code="capsule.too_large",
        remedy="Make a capsule for fewer documents at a time.",
    )


def _fact(fact: FactProof) -> FactProof:
    return replace(fact, origin=Origin.FILE)


def _copy[C: PublishedCopy](copy: C) -> C:
    return replace(copy, origin=Origin.FILE, obtained_at=_second(copy.obtained_at))


def _resource(copy: ResourceCopy) -> ResourceCopy:
    return replace(copy, origin=Origin.FILE, obtained_at=_second(copy.obtained_at))


def _second(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(microsecond=0)


def _listed(document: bytes) -> bytes:
    """A document as it stands in a list: a token as a text, anything else as the JSON it is."""
    token = document.strip(b" \t\r\n")
    try:
        return orjson.dumps(token.decode("ascii")) if may_be_token(token.decode("ascii")) else document
    except UnicodeDecodeError:
        return document


def _readable(statements: Iterable[bytes]) -> Iterable[JsonValue]:
    for statement in statements:
        try:
            yield subject_of(statement)
        except DocumentError:
            continue


def _texts(table: JsonObject, member: str) -> list[bytes]:
    texts = []
    for index, value in enumerate(as_list(table.get(member), f"/{member}")):
        if not isinstance(value, str):
            raise invalid(f"/{member}/{index}", "it is no text")
        texts.append(value.encode())
    return texts


def _check(capsule: Capsule) -> None:
    material, ledgers = capsule.material, capsule.material.ledgers or LedgerMaterial()
    if not 1 <= len(capsule.documents) <= MAX_PRESENTED:
        raise _wrong(f"{len(capsule.documents)} documents; a capsule holds 1 to {MAX_PRESENTED}")
    for document in (*capsule.documents, *capsule.beside):
        _check_text(document)
    kinds = (
        capsule.beside,
        material.documents,
        material.status_lists,
        material.resources,
        material.accreditations,
        ledgers.receipts,
        ledgers.checkpoints,
        ledgers.facts,
        ledgers.bridges,
    )
    if any(len(kind) > MAX_ITEMS for kind in kinds) or len(capsule.contexts) > MAX_CONTEXTS:
        raise _wrong(f"more than {MAX_ITEMS} items of one kind")
    names = [*material.documents, *capsule.contexts, *(copy.url for copy in material.status_lists)]
    for item in material.documents.values():
        names += item.files
        if len(item.files) > MAX_FILES:
            raise _wrong(f"{len(item.files)} files of one document; at most {MAX_FILES} are read")
    if any(len(name) > MAX_CHARS for name in names):
        raise _wrong(f"a name of more than {MAX_CHARS} characters")
    numbers = [value for fact in ledgers.facts for asked in fact.questions for value in astuple(asked)]
    numbers += [*(fact.chain_id for fact in ledgers.facts)]
    numbers += [number for bridge in ledgers.bridges for number in (bridge.chain_id, bridge.number)]
    if any(isinstance(number, int) and number > MAX_SAFE_INTEGER for number in numbers):
        raise _wrong("a number that not all readers of JSON can hold")
    for digest in capsule.contexts.values():
        if len(digest) != SHA256_CHARS or not set(digest) <= set("0123456789abcdef"):
            raise _wrong("the digest of a context is no SHA-256 in lower-case hexadecimal")


def _check_text(document: bytes) -> None:
    if not 0 < len(document) <= 2 * MAX_PRESENTATION_BYTES:
        raise _wrong(f"a document of {len(document)} bytes")
    try:
        document.decode()
    except UnicodeDecodeError as error:
        raise _wrong("a document that is no text in UTF-8") from error


def _wrong(message: str, *, path: str = "") -> CapsuleError:
    return CapsuleError(
        f"the capsule cannot be read: {message}"[:300], code="capsule.invalid", remedy=_REMEDY, path=path[:96]
    )
