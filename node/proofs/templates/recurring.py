"""The canonical forms of documents of strangers that are like others met before.

A verifier meets many credentials of one issuer for one achievement, and many proofs made in one way: they differ in a
few values. For each document:

1. It is written as JSON, and the templates are looked up that were made of documents of its family.
2. A template that is certain of the document says what is canonical. It takes no value for granted: all of the text is
   compared, and what stands in a hole is read from this text alone.
3. Any other document goes the general way, with its errors.
4. It is remembered as one of its family. Once a second one comes, where they differ is learned (`shapes`).

What is remembered is how a shape becomes canonical: no hash, no signature, no verdict. Documents of strangers decide
what is learned, so learning is bounded in room and in time, and forgetting changes nothing but the speed.

Spec: https://www.w3.org/TR/vc-data-integrity/#transformations
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import orjson

from node.documents import JsonObject, JsonValue
from node.proofs.canonicalize.rdfc10 import HashName, canonicalize
from node.proofs.jsonld import JsonLd
from node.proofs.jsonld.memo import Memo
from node.proofs.templates.holes import Place
from node.proofs.templates.shapes import FIXED, Shapes
from node.proofs.templates.template import Template

MAX_TEXT_BYTES: Final = 64 * 1024
"""A longer document is not remembered; the largest published badge has 56 kB."""
MAX_CANONICAL_BYTES: Final = 128 * 1024
"""Nor one with a longer canonical form, which for badges is twice as long as the document."""
MAX_NAME_CHARS: Final = 256
"""Documents with longer identifiers are told apart by the shorter ones alone."""
MAX_SHAPES: Final = 4
"""Templates of one family, which are tried one after the other: with an optional member or two, there are as many."""
MAX_LEARNED: Final = 16
"""Documents of one family that are learned from, each at the price of an outline; by then it is known what varies."""
PATIENCE: Final = 32
"""After how many documents that no template was certain of a family is learned anew; twice as many each time."""
MAX_PATIENCE: Final = 1024
ROOM: Final = 16 * 1024 * 1024
"""Bytes that each of the memory's two generations may hold: some 200 families."""
ROOM_OF_TEXT: Final = 48
"""How many bytes a family takes for each of a document's text, with its outlines and one template."""
ROOM_ARRANGED: Final = 32 * 1024
"""What a template may put together beforehand: the canonical forms of a badge in four orders of its nodes."""
COST: Final = 12
"""Making a template takes as long as going the general way so many times."""
LEAST_COST: Final = 2048
"""Bytes that each document counts for at least, as some of that time is the same for all."""
MAX_CREDIT: Final = 8 * 1024 * 1024
"""Bytes whose cost may be spent on learning at once: on three hundred badges, half a second. Beyond it,
learning takes at most as much time as was spent on the general way."""

type Name = tuple[str | None, ...]


@dataclass(slots=True)
class _Family:
    """Documents that may be alike: the first of them until there is a second, then what was learned."""

    first: bytes
    patience: int = PATIENCE
    met: int = 1
    shapes: Shapes[Template] | None = None
    templates: tuple[Template, ...] = ()


class Recurring:
    """The canonical forms of documents, made by templates where such documents were met before.

    One serves all threads. It answers as `canonicalize(jsonld.to_rdf(document))` would, with the same errors.
    """

    __slots__ = ("_credit", "_families", "_jsonld", "_learning")

    def __init__(self, jsonld: JsonLd) -> None:
        self._jsonld = jsonld
        self._families: Memo[Name, _Family] = Memo(ROOM)
        self._credit = MAX_CREDIT
        self._learning = threading.Lock()

    def canonical(self, document: JsonObject, hash_name: HashName) -> bytes:
        """The canonical form of the document.

        Raises what `JsonLd.to_rdf` and `canonicalize` raise.
        """
        text = _written(document)
        if text is None:
            return self._general(document, hash_name, None)
        name = _family_of(document, hash_name)  # 1.
        family = self._families.get(name)
        for template in family.templates if family else ():
            values = template.values(text)
            if values is not None:
                return template.canonical(values)  # 2.
        return self._general(document, hash_name, (name, text))

    def forget(self) -> None:
        """Forget all documents that were met."""
        self._families = Memo(ROOM)

    def _general(self, document: JsonObject, hash_name: HashName, known: tuple[Name, bytes] | None) -> bytes:
        whole = canonicalize(self._jsonld.to_rdf(document), hash_name=hash_name)  # 3.
        data = whole.data
        # Only what was easy: to canonicalize once more may cost up to a second where nodes had to be told apart.
        if known is not None and len(data) <= MAX_CANONICAL_BYTES and not whole.told_apart:
            self._learn(*known, document, hash_name)  # 4.
        return data

    def _learn(self, name: Name, text: bytes, document: JsonObject, hash_name: HashName) -> None:
        if not self._learning.acquire(blocking=False):
            return  # another thread is at it, and there will be more documents
        try:
            self._add(name, text, document, hash_name)
        finally:
            self._learning.release()

    def _add(self, name: Name, text: bytes, document: JsonObject, hash_name: HashName) -> None:
        size = max(len(text), LEAST_COST)
        self._credit = min(self._credit + size, MAX_CREDIT)
        family = self._families.get(name)
        if family is None or family.met == family.patience:
            patience = PATIENCE if family is None else min(2 * family.patience, MAX_PATIENCE)
            self._families.put(name, _Family(text, patience), 2 * size)
            return
        family.met += 1
        if family.met > MAX_LEARNED or self._credit < COST * size:
            return
        if family.shapes is None:
            family.shapes = Shapes(self._maker(hash_name), _is_fixed, MAX_SHAPES)
            family.shapes.learn(orjson.loads(family.first))
            self._families.put(name, family, ROOM_OF_TEXT * size)
        if family.shapes.learn(document) is not None:
            family.templates = tuple(family.shapes.templates)
            room = len(family.templates) * (ROOM_OF_TEXT * size + ROOM_ARRANGED)
            self._families.put(name, family, room)

    def _maker(self, hash_name: HashName) -> Callable[[JsonObject, tuple[Place, ...]], Template]:
        def make(document: JsonObject, places: tuple[Place, ...]) -> Template:
            self._credit -= COST * max(len(orjson.dumps(document)), LEAST_COST)
            return Template.of(document, places, self._jsonld, hash_name, room=ROOM_ARRANGED)

        return make


def _is_fixed(place: Place) -> bool:
    return not FIXED.isdisjoint(place)


def _written(document: JsonObject) -> bytes | None:
    """The document as JSON; None for what is no JSON, and for what is too long to be remembered."""
    try:
        text = orjson.dumps(document)
    except TypeError:
        return None
    return text if len(text) <= MAX_TEXT_BYTES else None


def _family_of(document: JsonObject, hash_name: HashName) -> Name:
    """What documents have in common that are worth comparing: the contexts, the issuer, what is awarded.

    It says where to look, and no more: of documents that are taken for relatives and are none, no template is certain.
    """
    contexts, issuer, subject = document.get("@context"), document.get("issuer"), document.get("credentialSubject")
    achievement = subject.get("achievement") if isinstance(subject, dict) else None
    names = contexts if isinstance(contexts, list) else [contexts]
    return (hash_name, _id(issuer), _id(achievement), *[_short(name) for name in names])


def _id(value: JsonValue) -> str | None:
    return _short(value.get("id") if isinstance(value, dict) else value)


def _short(value: JsonValue) -> str | None:
    return value if isinstance(value, str) and len(value) <= MAX_NAME_CHARS else None
