"""Contexts turned into active contexts: from a registry, never from the network, and each only once.

Spec: https://www.w3.org/TR/json-ld11-api/#context-processing-algorithm
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from node.documents import JsonObject, JsonValue
from node.proofs.jsonld.active_context import (
    ActiveContext,
    Definition,
    ScopedContext,
    check_length,
    checked_iri,
    checked_language,
    content_key,
    is_iri,
)
from node.proofs.jsonld.limits import (
    MAX_CONTEXT_NESTING,
    MAX_CONTEXT_WORK,
    MAX_CONTEXTS,
    MEMO_CHARS_PER_UNIT,
    MEMO_ENTRY_WEIGHT,
    MEMO_WEIGHT,
)
from node.proofs.jsonld.memo import Memo
from node.proofs.jsonld.refusal import Refusal, Step, told
from node.proofs.jsonld.term_definition import TermDefiner

_NOT_TERMS: Final = frozenset(
    ("@base", "@direction", "@import", "@language", "@propagate", "@protected", "@version", "@vocab")
)
_VERSION: Final = 1.1
_COPIES_PER_UNIT: Final = 8  # copying a definition costs about an eighth of making one


class Work:
    """What one document has cost so far.

    A context counts once, remembered or not, so the outcome never depends on what was read before.
    """

    __slots__ = ("_counted", "spent")

    def __init__(self, spent: int = 0) -> None:
        self._counted: set[int] = set()
        self.spent = spent

    def count(self, active: ActiveContext) -> None:
        """Adds what this active context cost, unless the document used it before."""
        if active.serial not in self._counted:
            self._counted.add(active.serial)
            self.spend(active.cost)

    def spend(self, units: int) -> None:
        """Adds work; raises Refusal when the document has had its share."""
        self.spent += units
        if self.spent > MAX_CONTEXT_WORK:
            raise Refusal("context.budget", f"the contexts of the document make more than {MAX_CONTEXT_WORK} terms")


class Contexts:
    """Finds the active context that a context leads to; remembers it by content."""

    __slots__ = ("_documents", "_memo", "initial")

    def __init__(self, documents: Mapping[str, JsonObject]) -> None:
        self._documents = documents
        self._memo: Memo[tuple[int, object, bool, bool], ActiveContext] = Memo(MEMO_WEIGHT)
        self.initial = ActiveContext({})

    def local(self, active: ActiveContext, value: JsonValue, work: Work) -> ActiveContext:
        """The active context after the @context entry of an object."""
        key: object
        if isinstance(value, str):
            key = value
        elif isinstance(value, list) and all(isinstance(entry, str) for entry in value):
            key = tuple(value)
        else:
            key = content_key(value)
        return self._derive(active, value, key, work)

    def property_scoped(self, active: ActiveContext, scoped: ScopedContext, work: Work) -> ActiveContext:
        """The active context inside a property that brings a context along; it may redefine protected terms."""
        return self._derive(active, scoped.value, scoped.key, work, override_protected=True)

    def type_scoped(
        self, active: ActiveContext, scoped: ScopedContext, work: Work, *, propagate: bool = False
    ) -> ActiveContext:
        """The active context of a node whose type brings a context along; by default it ends with that node."""
        return self._derive(active, scoped.value, scoped.key, work, propagate=propagate)

    def _derive(  # noqa: PLR0913 - the inputs of the algorithm
        self,
        active: ActiveContext,
        value: JsonValue,
        key: object,
        work: Work,
        *,
        override_protected: bool = False,
        propagate: bool = True,
    ) -> ActiveContext:
        memo_key = (active.serial, key, override_protected, propagate)
        derived = self._memo.get(memo_key)
        if derived is None:
            run = Work(work.spent)
            processing = _Processing(self._documents, run, override_protected)
            draft = _Draft.of(active)
            processing.apply(draft, value, propagate=propagate)
            derived = draft.finish()
            derived.cost = run.spent - work.spent
            kept = len(key) // MEMO_CHARS_PER_UNIT if isinstance(key, bytes) else 0
            self._memo.put(memo_key, derived, MEMO_ENTRY_WEIGHT + len(derived.definitions) + kept)
        work.count(derived)
        return derived


@dataclass(slots=True)
class _Draft:
    """An active context in the making."""

    definitions: dict[str, Definition]
    vocab: str | None
    language: str | None
    direction: str | None
    previous: ActiveContext | None
    twice: bool

    @classmethod
    def of(cls, active: "ActiveContext | _Draft") -> "_Draft":
        return cls(
            dict(active.definitions), active.vocab, active.language, active.direction, active.previous, active.twice
        )

    def finish(self) -> ActiveContext:
        return ActiveContext(
            dict(self.definitions),
            vocab=self.vocab,
            language=self.language,
            direction=self.direction,
            previous=self.previous,
            twice=self.twice,
        )


@dataclass(slots=True)
class _Processing:
    """One run of the Context Processing Algorithm, with its steps' numbers.

    Left out are the checks for JSON-LD 1.0, which is refused as a whole, and everything about a base IRI, of which
    there is none.
    """

    _documents: Mapping[str, JsonObject]
    _work: Work
    _override: bool
    _validating: bool = False
    _validated: set[str] = field(default_factory=set)

    def apply(self, draft: _Draft, local: JsonValue, *, propagate: bool = True, remote: tuple[str, ...] = ()) -> None:
        """Changes the draft as the local context says; `remote` are the URLs of the contexts that led here."""
        if isinstance(local, dict) and "@propagate" in local:  # 2
            propagate = _boolean(local, "@propagate")
        self._work.spend(1 + len(draft.definitions) // _COPIES_PER_UNIT)
        if not propagate and draft.previous is None:  # 3
            draft.previous = draft.finish()
        if not isinstance(local, list):
            self._apply_one(draft, local, propagate=propagate, remote=remote)
            return
        if len(local) > MAX_CONTEXTS:
            raise Refusal("context.too_many", f"{len(local)} contexts in one array are more than {MAX_CONTEXTS}")
        for index, entry in enumerate(local):  # 4, 5
            with Step(index):
                if isinstance(entry, dict) and entry.get("@propagate", propagate) is not propagate:
                    raise Refusal("context.ambiguous", "@propagate in an array of contexts is read in two ways")
                self._apply_one(draft, entry, propagate=propagate, remote=remote)

    def _apply_one(self, draft: _Draft, entry: JsonValue, *, propagate: bool, remote: tuple[str, ...]) -> None:
        if entry is None:  # 5.1
            self._reset(draft, propagate=propagate)
        elif isinstance(entry, str):  # 5.2
            self._apply_remote(draft, entry, remote)
        elif isinstance(entry, dict):
            self._apply_object(draft, entry, remote)
        else:  # 5.3
            raise Refusal("context.invalid", f"{told(entry)} is not a context")

    def _reset(self, draft: _Draft, *, propagate: bool) -> None:
        if not self._override and any(definition.protected for definition in draft.definitions.values()):
            raise Refusal("context.protected", "null would remove protected terms")
        # Readers differ in what a node below a context that ends here goes back to.
        draft.twice = draft.twice or not propagate
        draft.previous = None if propagate else draft.finish()
        draft.definitions = {}
        draft.vocab = draft.language = draft.direction = None

    def _apply_remote(self, draft: _Draft, url: str, remote: tuple[str, ...]) -> None:
        checked_iri(url, "the context")  # 5.2.1
        if url in remote and self._validating:  # 5.2.2
            return
        if url in remote or len(remote) >= MAX_CONTEXT_NESTING:  # 5.2.3
            raise Refusal("context.invalid", f"the context {url} includes itself, or too many others")
        document = self._document(url)
        try:
            self.apply(draft, document["@context"], remote=(*remote, url))  # 5.2.6
        except Refusal as refusal:
            refusal.within_remote(url)
            raise

    def _document(self, url: str) -> JsonObject:
        document = self._documents.get(url)  # 5.2.4
        if document is None:
            raise Refusal("context.unknown", f"the context {told(url)} is not known here", url=url)
        if "@context" not in document:  # 5.2.5
            raise Refusal("context.invalid", f"the document {url} is not a context")
        return document

    def _apply_object(self, draft: _Draft, context: JsonObject, remote: tuple[str, ...]) -> None:
        if context.get("@version", _VERSION) != _VERSION:  # 5.5
            raise Refusal("context.invalid", f"{told(context['@version'])} is not the JSON-LD version 1.1", "@version")
        if "@import" in context:  # 5.6
            context = self._import(context)
            draft.twice = True
        if context.get("@base") is not None:  # 5.7
            raise Refusal("context.base", "a base would make relative identifiers mean something else", "@base")
        _apply_defaults(draft, context)  # 5.8 to 5.11
        definer = TermDefiner(context, draft.definitions, draft.vocab, override_protected=self._override)  # 5.12
        self._work.spend(len(context))
        for term in context:  # 5.13
            if term not in _NOT_TERMS:
                definer.define(term)
        for term, value in context.items():
            if isinstance(value, dict) and "@context" in value:
                self._validate(draft, term, value["@context"], remote)

    def _import(self, context: JsonObject) -> JsonObject:
        url = context["@import"]
        if not isinstance(url, str):
            raise Refusal("context.invalid", f"{told(url)} cannot be imported", "@import")
        checked_iri(url, "the imported context")
        imported = self._document(url)["@context"]
        if not isinstance(imported, dict) or "@import" in imported:
            raise Refusal("context.invalid", f"the context {url} is no single context without imports", "@import")
        merged = {**imported, **context}
        del merged["@import"]
        return merged

    def _validate(self, draft: _Draft, term: str, scoped: JsonValue, remote: tuple[str, ...]) -> None:
        """Create Term Definition, 21.3: processes a scoped context for its errors only.

        Once all terms around it are defined, as they are where it is used. One that the registry does not have is no
        error before it is used. One that led here, or has been looked at, is not followed again.
        """
        if isinstance(scoped, str):
            if scoped in self._validated or scoped in remote:
                return
            self._validated.add(scoped)
        try:
            validation = _Processing(
                self._documents, self._work, _override=True, _validating=True, _validated=self._validated
            )
            validation.apply(_Draft.of(draft), scoped, remote=remote)
        except Refusal as refusal:
            if refusal.code != "context.unknown":
                refusal.within(term, "@context")
                raise


def _apply_defaults(draft: _Draft, context: JsonObject) -> None:
    if "@vocab" in context:  # 5.8
        draft.vocab = _vocab(draft, context["@vocab"])
    if "@language" in context:  # 5.9
        draft.language = _language(context["@language"])
    if "@direction" in context:  # 5.10
        draft.direction = _direction(context["@direction"])
    if "@propagate" in context:  # 5.11
        _boolean(context, "@propagate")


def _vocab(draft: _Draft, value: JsonValue) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise Refusal("context.invalid", f"{told(value)} is not a vocabulary", "@vocab")
    vocab = TermDefiner({}, draft.definitions, draft.vocab, override_protected=False).expand(value)
    if vocab is None or not (is_iri(vocab) or vocab.startswith("_:")):
        raise Refusal("context.relative_iri", f"the vocabulary {told(value)} is no absolute IRI", "@vocab")
    check_length(vocab, "@vocab")
    return vocab


def _language(value: JsonValue) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise Refusal("context.invalid", f"{told(value)} is not a language", "@language")
    check_length(value, "@language")
    return checked_language(value, "@language")


def _direction(value: JsonValue) -> str | None:
    if value is None:
        return None
    if value not in ("ltr", "rtl"):
        raise Refusal("context.invalid", f"{told(value)} is no text direction", "@direction")
    return str(value)


def _boolean(context: JsonObject, entry: str) -> bool:
    value = context[entry]
    if not isinstance(value, bool):
        raise Refusal("context.invalid", f"{told(value)} is neither true nor false", entry)
    return value
