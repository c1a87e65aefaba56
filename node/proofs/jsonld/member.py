"""What the name of a member means where it stands, worked out once for each active context."""

from typing import Final

from node.proofs.errors import shown
from node.proofs.jsonld.active_context import KEYWORDS, ActiveContext, checked_iri, is_keyword_form
from node.proofs.jsonld.contexts import Contexts, Work
from node.proofs.jsonld.limits import MAX_CACHED_CHARS, MAX_CACHED_MEMBERS
from node.proofs.jsonld.literals import XSD_DOUBLE, XSD_STRING
from node.proofs.jsonld.refusal import Refusal
from node.proofs.quads import iri_term

# How the reader goes on with a member. The first four are properties whose strings need nothing but a lookup.
SKIPPED: Final = 0
"""@id, @type and @context, which are read before all others."""
TEXT: Final = 1
REFERENCE: Final = 2
WORD: Final = 3
"""A term of the vocabulary, such as the value of proofPurpose."""
PROPERTY: Final = 4
"""Any other property: a container, a JSON literal, a reversed one, a text with a direction."""
KEYWORD: Final = 5


class Member:
    """A member name as the reader uses it: compiled, shared and never changed.

    `home` is the active context that it was compiled for, `inner` the one inside it where it brings a context along.
    """

    __slots__ = (
        "coercion",
        "container",
        "datatype",
        "definition",
        "direction",
        "home",
        "inner",
        "keyword",
        "kind",
        "language",
        "name",
        "predicate",
        "reverse",
        "suffix",
    )

    def __init__(self, name: str, home: ActiveContext, *, keyword: str = "", predicate: str = "") -> None:
        self.name = name
        self.home = home
        self.keyword = keyword
        self.predicate = predicate
        self.kind = KEYWORD if keyword else TEXT
        self.definition = home.definitions.get(name)
        self.reverse = self.definition is not None and self.definition.reverse
        self.container = frozenset[str]() if self.definition is None else self.definition.container
        self.inner: ActiveContext | None = None
        self.coercion: str | None = None
        self.datatype: str | None = None
        self.language: str | None = None
        self.direction: str | None = None
        self.suffix = '"'


def member(name: str, active: ActiveContext, contexts: Contexts, work: Work) -> Member:
    """What the member name means in the active context; raises Refusal, without a step, where it means nothing."""
    known = active.members.get(name)
    if known is None:
        known = _compile(name, active, contexts, work)
        if name in active.definitions or _is_worth_keeping(name, active):
            active.members[name] = known
    return known


def _is_worth_keeping(name: str, active: ActiveContext) -> bool:
    room = len(active.members) < len(active.definitions) + MAX_CACHED_MEMBERS
    return room and len(name) <= MAX_CACHED_CHARS


def _compile(name: str, active: ActiveContext, contexts: Contexts, work: Work) -> Member:
    if name == "@context":
        return _skipped(Member(name, active, keyword=name))
    iri = active.vocabulary(name)
    defined = name in active.definitions
    if iri is None and defined:
        raise Refusal("context.null_term", f"the context maps {shown(name)} to null, so no statement would carry it")
    if iri is None or (iri == name and not defined and ":" not in name and name not in KEYWORDS):
        hint = ": it looks like a keyword and is none" if is_keyword_form(name) else ""
        raise Refusal("context.undefined_term", f"no context defines {shown(name)}{hint}")
    if iri.startswith("_:"):
        raise Refusal("context.blank_predicate", f"{shown(name)} stands for a blank node, which cannot be a property")
    if iri in KEYWORDS:
        made = Member(name, active, keyword=iri)
    else:
        made = Member(name, active, predicate=iri_term(checked_iri(iri, "the property")))
    values = active
    if made.definition is not None and made.definition.scoped is not None:
        # Counted where it is used, whether compiled for this document or before; here it is only kept within bounds.
        values = contexts.property_scoped(active, made.definition.scoped, Work(work.spent))
        made.inner = values
    if made.keyword:
        return _skipped(made) if made.keyword in {"@id", "@type"} else made
    _give_values(made, values)
    return made


def _skipped(made: Member) -> Member:
    made.kind = SKIPPED
    return made


def _give_values(made: Member, active: ActiveContext) -> None:
    """Settles how strings and numbers are read.

    Inside a context of its own the term may be defined anew, and it is that definition which reads them.
    """
    definition = made.definition if active is made.home else active.definitions.get(made.name)
    made.coercion = None if definition is None else definition.type
    stated = None if made.definition is None else made.definition.type
    if stated != made.coercion and "@json" in {stated, made.coercion}:
        raise Refusal("context.ambiguous", "a JSON property brings a context that defines it anew")
    language = direction = None
    if definition is not None:
        language, direction = definition.language, definition.direction
    made.direction = (active.direction if direction is None else direction) or None
    if made.coercion is None or made.coercion == "@none":
        made.language = (active.language if language is None else language) or None
    elif made.coercion not in KEYWORDS:
        made.datatype = made.coercion
    made.suffix = _suffix(made)
    made.kind = _kind(made)


def _suffix(made: Member) -> str:
    if made.language:
        return f'"@{made.language}'
    if made.datatype is None or made.datatype == XSD_STRING:
        return '"'
    return f'"^^{iri_term(made.datatype)}'


def _kind(made: Member) -> int:
    if made.reverse or not made.container <= {"@set"} or made.coercion in {"@json", XSD_DOUBLE}:
        return PROPERTY
    if made.coercion in {"@id", "@vocab"}:
        return REFERENCE if made.coercion == "@id" else WORD
    return PROPERTY if made.direction and made.datatype is None else TEXT
