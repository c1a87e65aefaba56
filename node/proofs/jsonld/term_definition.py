"""One context object made into term definitions.

Spec: https://www.w3.org/TR/json-ld11-api/#create-term-definition
"""

from collections.abc import Mapping
from typing import Final

from node.documents import JsonObject, JsonValue
from node.proofs.errors import shown
from node.proofs.jsonld.active_context import (
    KEYWORDS,
    Definition,
    ScopedContext,
    check_length,
    checked_language,
    is_iri,
    is_keyword_form,
)
from node.proofs.jsonld.limits import MAX_TERM_NESTING
from node.proofs.jsonld.refusal import Refusal, Step, told

_ENTRIES: Final = frozenset(
    {
        *("@id", "@reverse", "@container", "@context", "@direction", "@index"),
        *("@language", "@nest", "@prefix", "@protected", "@type"),
    }
)
_CONTAINERS: Final = frozenset(
    frozenset(names.split())
    for names in (
        *("@graph", "@id", "@index", "@language", "@list", "@set", "@type"),
        *("@graph @id", "@graph @index", "@graph @id @set", "@graph @index @set", "@graph @set"),
        *("@index @set", "@id @set", "@type @set", "@language @set"),
    )
)
_REVERSE_CONTAINERS: Final = (frozenset[str](), frozenset({"@set"}), frozenset({"@index"}))
_GEN_DELIMS: Final = tuple(":/?#[]@")


class _NeededTermRefused(Exception):  # noqa: N818 - carries a refusal past the term that needs the refused one
    def __init__(self, refusal: Refusal) -> None:
        super().__init__()
        self.refusal = refusal


class TermDefiner:
    """Creates the term definitions of one context object, in the order in which they need each other.

    The definitions given to it are changed in place; the context object is not.
    """

    __slots__ = ("_defined", "_local", "_nesting", "_override", "_protected", "definitions", "vocab")

    def __init__(
        self,
        local: JsonObject,
        definitions: dict[str, Definition],
        vocab: str | None,
        *,
        override_protected: bool,
    ) -> None:
        self._local = local
        self._defined: dict[str, bool] = {}
        self._nesting = 0
        self._override = override_protected
        self._protected = _boolean(local, "@protected")
        self.definitions = definitions
        self.vocab = vocab

    def define(self, term: str) -> None:
        """Creates the definition of the term, and before it those that it needs; raises Refusal with the steps to it.

        The numbers are those of the specification. Left out are the checks for JSON-LD 1.0, which is refused as a
        whole, and the validation of a scoped context (21.3), which waits until all its neighbours are defined.

        Spec: https://www.w3.org/TR/json-ld11-api/#create-term-definition
        """
        try:
            self._create(term)
        except _NeededTermRefused as needed:
            raise needed.refusal from None

    def _create(self, term: str) -> None:
        with Step(term):
            if self._begin(term):
                previous = self.definitions.pop(term, None)  # 6
                definition = self._definition(term, self._local[term])  # 3, 7 to 26
                if previous is not None:
                    self._check_change(term, previous, definition)
                if definition is not None:
                    protected = previous is not None and previous.protected and not self._override
                    self.definitions[term] = previous if previous is not None and protected else definition  # 28
        self._defined[term] = True

    def _begin(self, term: str) -> bool:
        """Whether the term is to be defined; steps 1 to 5."""
        if term in self._defined:  # 1
            if self._defined[term]:
                return False
            raise Refusal("context.invalid", f"the definition of {shown(term)} depends on itself")
        if term == "":  # 2
            raise Refusal("context.invalid", "the empty string cannot be a term")
        self._defined[term] = False
        if term == "@type":  # 4
            if not _may_define_type(self._local[term]):
                raise Refusal("context.invalid", "@type may be given @container @set and @protected only")
        elif term in KEYWORDS:  # 5
            raise Refusal("context.invalid", f"the keyword {term} cannot be redefined")
        # A word that only looks like a keyword is ignored, as the specification demands; its use is then refused.
        return term == "@type" or not is_keyword_form(term)

    def _check_change(self, term: str, previous: Definition, definition: Definition | None) -> None:
        if definition is None:
            raise Refusal("context.ambiguous", f"{shown(term)} is redefined as a reserved word")
        if previous.protected and not self._override and definition != previous:  # 27
            raise Refusal("context.protected", f"the protected term {shown(term)} is redefined")

    def expand(self, value: str) -> str | None:
        """The value as ActiveContext.vocabulary has it, once the terms of this context that it needs are defined.

        Spec: https://www.w3.org/TR/json-ld11-api/#iri-expansion
        """
        if value in KEYWORDS:  # 1
            return value
        if is_keyword_form(value):  # 2
            return None
        self._need(value)  # 3
        if definition := self.definitions.get(value):  # 4, 5
            return definition.iri
        if value.find(":") > 0 and (iri := self._expand_iri(value)) is not None:  # 6
            return iri
        return value if self.vocab is None else self.vocab + value  # 7, 9

    def _expand_iri(self, value: str) -> str | None:
        prefix, _, suffix = value.partition(":")
        if prefix == "_" or suffix.startswith("//"):
            return value
        self._need(prefix)
        definition = self.definitions.get(prefix)
        if definition is not None and definition.prefix and definition.iri is not None:
            return definition.iri + suffix
        return value if is_iri(value) else None

    def _need(self, term: str) -> None:
        if term in self._local and term not in KEYWORDS and self._defined.get(term) is not True:
            if self._nesting == MAX_TERM_NESTING:
                message = f"more than {MAX_TERM_NESTING} terms need one another to be defined"
                raise Refusal("context.too_deep", message)
            self._nesting += 1
            try:
                self._create(term)
            except Refusal as refusal:
                raise _NeededTermRefused(refusal) from None
            self._nesting -= 1

    def _definition(self, term: str, given: JsonValue) -> Definition | None:
        """The definition as stated; None where it maps the term to a word that only looks like a keyword."""
        simple = isinstance(given, str)
        if given is None or isinstance(given, str):  # 7, 8
            value: JsonObject = {"@id": given}
        elif isinstance(given, dict):  # 9
            value = given
        else:
            raise Refusal("context.invalid", "a term definition must be a string, an object or null")
        if unknown := value.keys() - _ENTRIES:  # 26
            raise Refusal("context.invalid", f"a term definition has no entry {shown(min(unknown))}")
        if _is_reserved(value):  # 13.3, 14.2.2
            return None
        protected = _boolean(value, "@protected", default=self._protected)  # 10, 11
        type_ = self._type(value)  # 12
        iri: str | None
        if "@reverse" in value:  # 13
            iri = self._reverse(value)
            prefix = False
        else:  # 14 to 18
            iri = self._iri(term, value)
            prefix = simple and _is_prefix(term, iri)
        check_length(iri)
        check_length(type_, "@type")
        container = _container(value, reverse="@reverse" in value)  # 19
        if "@type" in container:
            type_ = type_ or "@id"
            if type_ not in {"@id", "@vocab"}:
                raise Refusal("context.invalid", "a type map needs @type @id or @vocab", "@type")
        return Definition(
            iri=iri,
            prefix=_boolean(value, "@prefix", default=prefix) if _allows_prefix(term, iri, value) else prefix,  # 25
            protected=protected,
            reverse="@reverse" in value,
            type=type_,
            container=container,
            index=self._index(value, container),  # 20
            scoped=ScopedContext.of(value["@context"]) if "@context" in value else None,  # 21
            language=None if "@type" in value else _language(value),  # 22
            direction=None if "@type" in value else _direction(value),  # 23
            nest=_nest(value),  # 24
        )

    def _type(self, value: Mapping[str, JsonValue]) -> str | None:
        if "@type" not in value:
            return None
        given = value["@type"]
        type_ = self.expand(given) if isinstance(given, str) else None
        if type_ is None or not (type_ in {"@id", "@vocab", "@json", "@none"} or is_iri(type_)):
            raise Refusal("context.invalid", f"{told(given)} is no datatype: it is not an IRI", "@type")
        return type_

    def _reverse(self, value: Mapping[str, JsonValue]) -> str:
        if surplus := value.keys() & {"@id", "@nest", "@context", "@language", "@direction", "@prefix"}:
            raise Refusal("context.invalid", f"a reverse property cannot have {min(surplus)}")
        given = value["@reverse"]
        if not isinstance(given, str):
            raise Refusal("context.invalid", f"{told(given)} cannot be a property", "@reverse")
        iri = self.expand(given)
        if iri is None or not (is_iri(iri) or iri.startswith("_:")):
            raise Refusal("context.invalid", f"{told(given)} is not an IRI", "@reverse")
        return iri

    def _iri(self, term: str, value: Mapping[str, JsonValue]) -> str | None:
        given = value.get("@id", term)
        if given is None:  # 14.1
            return None
        if given != term:  # 14.2
            return self._stated_iri(term, given)
        prefix, colon, suffix = term.partition(":")
        if colon and prefix:  # 15
            self._need(prefix)
            known = self.definitions.get(prefix)
            return term if known is None or known.iri is None else known.iri + suffix
        if "/" in term:  # 16
            iri = self.expand(term) if self.vocab is not None else None
            if iri is None or not is_iri(iri):
                raise Refusal("context.invalid", f"{shown(term)} is a relative IRI")
            return iri
        if term == "@type":  # 17
            return term
        if self.vocab is None:  # 18
            raise Refusal("context.invalid", f"{shown(term)} is mapped to no IRI")
        return self.vocab + term

    def _stated_iri(self, term: str, given: JsonValue) -> str:
        if not isinstance(given, str):
            raise Refusal("context.invalid", f"{told(given)} cannot be an IRI", "@id")
        iri = self.expand(given)
        if iri == "@context":
            raise Refusal("context.invalid", "@context cannot be given another name", "@id")
        if iri is None or not (iri in KEYWORDS or is_iri(iri) or iri.startswith("_:")):
            raise Refusal("context.invalid", f"{told(given)} is neither an IRI nor a keyword", "@id")
        if ":" in term[1:-1] or "/" in term:  # 14.2.5
            self._defined[term] = True
            if self.expand(term) != iri:
                raise Refusal("context.invalid", f"{shown(term)} looks like an IRI and is mapped to another", "@id")
        return iri

    def _index(self, value: Mapping[str, JsonValue], container: frozenset[str]) -> str | None:
        if "@index" not in value:
            return None
        index = value["@index"]
        iri = self.expand(index) if isinstance(index, str) else None
        if "@index" not in container or not isinstance(index, str) or iri is None or not is_iri(iri):
            raise Refusal("context.invalid", f"the index {told(index)} is not a property of an index map", "@index")
        return index


def _boolean(value: Mapping[str, JsonValue], entry: str, *, default: bool = False) -> bool:
    stated = value.get(entry, default)
    if not isinstance(stated, bool):
        raise Refusal("context.invalid", f"{told(stated)} is neither true nor false", entry)
    return stated


def _is_reserved(value: Mapping[str, JsonValue]) -> bool:
    """Whether the term is mapped to a word that has a keyword's form and may become one."""
    reverse, iri = value.get("@reverse"), value.get("@id")
    if isinstance(reverse, str) and is_keyword_form(reverse):
        return True
    return isinstance(iri, str) and is_keyword_form(iri) and iri not in KEYWORDS


def _may_define_type(value: JsonValue) -> bool:
    return (
        isinstance(value, dict)
        and value != {}
        and value.keys() <= {"@container", "@protected"}
        and value.get("@container", "@set") in ("@set", ["@set"])
    )


def _is_prefix(term: str, iri: str | None) -> bool:
    """14.2.6: a simple term may begin compact IRIs where its IRI ends like a namespace."""
    return iri is not None and not {":", "/"} & set(term) and (iri.endswith(_GEN_DELIMS) or iri.startswith("_:"))


def _allows_prefix(term: str, iri: str | None, value: Mapping[str, JsonValue]) -> bool:
    if "@prefix" not in value:
        return False
    if {":", "/"} & set(term) or (value["@prefix"] is True and iri in KEYWORDS):
        raise Refusal("context.invalid", f"{shown(term)} cannot be a prefix", "@prefix")
    return True


def _container(value: Mapping[str, JsonValue], *, reverse: bool) -> frozenset[str]:
    given = value.get("@container")
    names = given if isinstance(given, list) else [given]
    container = frozenset(name for name in names if isinstance(name, str))
    if "@container" not in value or (reverse and given is None):
        return container
    if len(container) != len(names) or container not in _CONTAINERS:
        raise Refusal("context.invalid", f"{told(given)} is no container", "@container")
    if reverse and container not in _REVERSE_CONTAINERS:
        raise Refusal("context.invalid", f"a reverse property cannot have the container {told(given)}", "@container")
    return container


def _language(value: Mapping[str, JsonValue]) -> str | None:
    if "@language" not in value:
        return None
    language = value["@language"]
    if language is not None and not isinstance(language, str):
        raise Refusal("context.invalid", f"{told(language)} is not a language", "@language")
    check_length(language, "@language")
    return checked_language(language, "@language") if language else ""


def _direction(value: Mapping[str, JsonValue]) -> str | None:
    if "@direction" not in value:
        return None
    direction = value["@direction"]
    if direction is not None and direction not in ("ltr", "rtl"):
        raise Refusal("context.invalid", f"{told(direction)} is no text direction", "@direction")
    return str(direction or "")


def _nest(value: Mapping[str, JsonValue]) -> str | None:
    nest = value.get("@nest")
    if "@nest" in value and (not isinstance(nest, str) or (nest in KEYWORDS and nest != "@nest")):
        raise Refusal("context.invalid", f"{told(nest)} cannot hold nested properties", "@nest")
    return nest if isinstance(nest, str) else None
