"""The statements of a document under their final names, and which of them a selection makes.

Spec: https://www.w3.org/TR/vc-di-ecdsa/#canonicalizeandgroup
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from node.documents import JsonObject
from node.proofs.canonicalize.rdfc10 import canonicalize
from node.proofs.errors import ProofOptionsError, shown
from node.proofs.jsonld import JsonLd
from node.proofs.quads import Quad
from node.proofs.selective_disclosure.selection import NamedDocument, named, select

type LabelMap = Callable[[Mapping[str, str]], Mapping[str, str]]
"""From the canonical names of blank nodes to the names they shall have, both by their identifiers in the input."""


@dataclass(frozen=True, slots=True)
class Statements:
    """The statements of one document as lines of N-Quads in code point order, with the names of its blank nodes."""

    whole: NamedDocument
    nquads: tuple[str, ...]
    labels: Mapping[str, str]
    jsonld: JsonLd

    def group(self, pointers: Iterable[str]) -> "Group":
        """The statements that the selection by these pointers makes.

        Raises ProofOptionsError for a pointer that names nothing, or a part that means something else by itself: of an
        ordered list, say, or of a value that is JSON.
        """
        pointers = tuple(pointers)
        part = select(self.whole, pointers)
        if not part.document:
            return Group(part.document, frozenset(), ())
        quads = self.jsonld.to_rdf(part.document, names=part.names)
        index_of = {line: index for index, line in enumerate(self.nquads)}
        try:
            indexes = frozenset(index_of[_line(quad, self.labels)] for quad in quads)
        except KeyError as error:
            raise ProofOptionsError(
                f"a part that {shown(', '.join(pointers))} names means something else without the rest",
                code="proof.options.pointer",
                remedy="Name the whole of an ordered list, of a value that is JSON, or of a graph.",
            ) from error
        return Group(part.document, indexes, tuple(quads))

    def shown(self, mandatory: Iterable[str], selective: Iterable[str]) -> "Shown":
        """What is shown when a holder adds these parts to the mandatory ones.

        Raises ProofOptionsError as `group` does, and when there is nothing to show.
        """
        mandatory = tuple(mandatory)
        always = self.group(mandatory).indexes
        combined = self.group((*mandatory, *selective))
        if not combined.document:
            raise ProofOptionsError(
                "nothing is mandatory and nothing was chosen, so there is nothing to show",
                code="proof.options.pointer",
                remedy="Choose at least one part of the credential.",
            )
        others = [index for index in range(len(self.nquads)) if index not in always]
        # The names that a verifier, who has only the part, will give to its blank nodes.
        canonical = canonicalize(combined.quads).labels
        return Shown(
            document=combined.document,
            always=tuple(sorted(always)),
            mandatory=tuple(place for place, index in enumerate(sorted(combined.indexes)) if index in always),
            selective=tuple(place for place, index in enumerate(others) if index in combined.indexes),
            others=len(others),
            labels={
                number: self.labels[node]
                for number, node in sorted((int(name.removeprefix("c14n")), node) for node, name in canonical.items())
            },
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A part of a document, and what a proof for it says of its statements.

    `always` are the indexes of the mandatory statements, `mandatory` the places of the mandatory ones among those
    shown, `selective` the places of the shown ones among all that are not mandatory, of which there are `others`.
    `labels` are the final names of its blank nodes by the numbers of their canonical names in the part.
    """

    document: JsonObject
    always: tuple[int, ...]
    mandatory: tuple[int, ...]
    selective: tuple[int, ...]
    others: int
    labels: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class Group:
    """A selection, the indexes of its statements among all, and these as quads of the input."""

    document: JsonObject
    indexes: frozenset[int]
    quads: tuple[Quad, ...]


def statements_of(document: JsonObject, label_map: LabelMap, *, jsonld: JsonLd) -> Statements:
    """The statements of the document without its proofs; raises JsonLdError or ProofIndeterminate as `to_rdf` does."""
    whole = named(document)
    quads = jsonld.to_rdf(whole.document, names=whole.names)
    labels = label_map(canonicalize(quads).labels)
    return Statements(whole, tuple(sorted({_line(quad, labels) for quad in quads})), labels, jsonld)


def _line(quad: Quad, labels: Mapping[str, str]) -> str:
    subject, predicate, object_, graph = quad
    if subject[0] == "_":
        subject = f"_:{labels[subject[2:]]}"
    if object_[0] == "_":
        object_ = f"_:{labels[object_[2:]]}"
    if not graph:
        return f"{subject} {predicate} {object_} .\n"
    return f"{subject} {predicate} {object_} {f'_:{labels[graph[2:]]}' if graph[0] == '_' else graph} .\n"
