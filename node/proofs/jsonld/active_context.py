"""What terms mean at one place of a document: term definitions, and the active context that holds them.

Spec: https://www.w3.org/TR/json-ld11-api/#context-processing-algorithms
"""

import itertools
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import orjson

from node.documents import JsonValue
from node.proofs.errors import shown
from node.proofs.jsonld.limits import MAX_TERM_CHARS
from node.proofs.jsonld.refusal import Refusal

if TYPE_CHECKING:
    from node.proofs.jsonld.member import Member

KEYWORDS: Final = frozenset(
    {
        *("@base", "@container", "@context", "@direction", "@graph", "@id", "@import", "@included", "@index", "@json"),
        *("@language", "@list", "@nest", "@none", "@prefix", "@propagate", "@protected", "@reverse", "@set", "@type"),
        *("@value", "@version", "@vocab"),
    }
)
_ALIASED: Final = ("@graph", "@id", "@list", "@set", "@type", "@value")
_KEYWORD_FORM: Final = re.compile(r"@[A-Za-z]+")
_IRI: Final = re.compile(r'[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>"{}|^`\\\ud800-\udfff]*')
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
# The shape of BCP 47 that JSON-LD processors check; what N-Quads can write is wider.
_LANGUAGE: Final = re.compile(r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*")

_serials = itertools.count()


@dataclass(frozen=True, slots=True)
class ScopedContext:
    """A context that a term brings along; `key` tells it from others by content."""

    value: JsonValue = field(compare=False)
    key: bytes

    @classmethod
    def of(cls, value: JsonValue) -> "ScopedContext":
        """The context with its key."""
        return cls(value, content_key(value))


@dataclass(frozen=True, slots=True)
class Definition:
    """One term definition. For language and direction None is "not stated" and "" is "stated to be none".

    Spec: https://www.w3.org/TR/json-ld11-api/#dfn-term-definition
    """

    iri: str | None
    prefix: bool = False
    protected: bool = field(default=False, compare=False)
    reverse: bool = False
    type: str | None = None
    container: frozenset[str] = frozenset()
    index: str | None = None
    scoped: ScopedContext | None = None
    language: str | None = None
    direction: str | None = None
    nest: str | None = None


class ActiveContext:
    """The meaning of all terms at one place; never changed once it is made, so it can be shared and remembered.

    `previous` is the context that counts again below, where this one does not propagate. `cost` is the work it took
    to make this one out of the one before. `twice` says that an import went into it, which calls for a second reading.

    Spec: https://www.w3.org/TR/json-ld11-api/#dfn-active-context
    """

    __slots__ = (
        "cost",
        "definitions",
        "direction",
        "graph_aliases",
        "id_aliases",
        "language",
        "list_aliases",
        "members",
        "object_aliases",
        "prefixes",
        "previous",
        "serial",
        "set_aliases",
        "twice",
        "type_aliases",
        "value_aliases",
        "vocab",
        "words",
    )

    def __init__(  # noqa: PLR0913 - the parts of an active context, all named at the call
        self,
        definitions: dict[str, Definition],
        *,
        vocab: str | None = None,
        language: str | None = None,
        direction: str | None = None,
        previous: "ActiveContext | None" = None,
        twice: bool = False,
    ) -> None:
        self.serial = next(_serials)
        self.definitions = definitions
        self.vocab = vocab
        self.language = language
        self.direction = direction
        self.previous = previous
        self.twice = twice
        self.cost = 0
        # What the reader works out about member names and vocabulary terms; filled on demand.
        self.members: dict[str, Member] = {}
        self.words: dict[str, str] = {}
        self.prefixes = {term: one.iri for term, one in definitions.items() if one.prefix and one.iri is not None}
        aliases: dict[str, list[str]] = {key: [key] for key in _ALIASED}
        for term, one in definitions.items():
            if one.iri in aliases and term != one.iri:
                aliases[one.iri].append(term)
        self.graph_aliases = tuple(aliases["@graph"])
        self.id_aliases = tuple(aliases["@id"])
        self.type_aliases = tuple(sorted(aliases["@type"]))
        self.value_aliases = tuple(aliases["@value"])
        self.list_aliases = tuple(aliases["@list"])
        self.set_aliases = tuple(aliases["@set"])
        self.object_aliases = self.value_aliases + self.list_aliases + self.set_aliases

    def compact(self, value: str) -> str:
        """The value with its prefix, if it has a defined one, written out.

        Spec: https://www.w3.org/TR/json-ld11-api/#iri-expansion, steps 6.1, 6.2 and 6.4
        """
        prefix, colon, suffix = value.partition(":")
        if colon and prefix in self.prefixes and not suffix.startswith("//"):
            return self.prefixes[prefix] + suffix
        return value

    def vocabulary(self, value: str) -> str | None:
        """What the term, compact IRI or name stands for.

        A keyword or an IRI; None where the term is defined as null or reserved; otherwise what it was.

        Spec: https://www.w3.org/TR/json-ld11-api/#iri-expansion, without a base
        """
        if value in KEYWORDS:  # 1
            return value
        if definition := self.definitions.get(value):  # 4, 5
            return definition.iri
        if is_keyword_form(value):  # 2
            return None
        colon = value.find(":")
        if colon > 0:  # 6
            if value.startswith("_:"):
                return value
            written_out = self.compact(value)
            if written_out is not value or _SCHEME.match(value):
                return written_out
        return value if self.vocab is None else self.vocab + value  # 7, 9


def content_key(value: JsonValue) -> bytes:
    """The JSON value as bytes that are equal exactly for equal values."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except (TypeError, ValueError) as error:  # an integer beyond 64 bits, a half character, nesting without end
        raise Refusal("context.invalid", f"the context is not plain JSON: {error}") from error


def is_keyword_form(value: str) -> bool:
    """Whether the name is reserved for keywords, known or not."""
    return _KEYWORD_FORM.fullmatch(value) is not None


def is_iri(value: str) -> bool:
    """Whether the text is an absolute IRI that N-Quads can carry."""
    return _IRI.fullmatch(value) is not None


def checked_iri(value: str, what: str) -> str:
    """The absolute IRI; raises Refusal for a relative one and for one with forbidden characters."""
    if _IRI.fullmatch(value):
        return value
    if _SCHEME.match(value):
        raise Refusal("context.invalid_iri", f"{what} {shown(value)} contains a character that no IRI may contain")
    raise Refusal("context.relative_iri", f"{what} {shown(value)} is relative, and there is no base to resolve it")


def checked_label(value: str) -> str:
    """The name that a document gives a blank node; raises Refusal for one with white space."""
    if any(character.isspace() for character in value):
        raise Refusal("context.invalid_iri", f"{shown(value)} is no name for a blank node")
    return value


def check_length(value: str | None, *steps: str) -> None:
    """Raises Refusal for what is too long to stand behind a short word."""
    if value is not None and len(value) > MAX_TERM_CHARS:
        message = f"a context puts {len(value)} characters behind one word; at most {MAX_TERM_CHARS} are accepted"
        raise Refusal("context.too_long", message, *steps)


def checked_language(value: str, *steps: str) -> str:
    """The language tag in lower case, as JSON-LD processors write it; raises Refusal for a malformed one."""
    if not _LANGUAGE.fullmatch(value):
        raise Refusal("context.language", f"{shown(value)} is not a language tag", *steps)
    return value.lower()
