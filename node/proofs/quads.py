"""RDF quads as canonical N-Quads terms: the form that is sorted, hashed and signed.

Spec: https://www.w3.org/TR/rdf-canon/#canonical-quads
"""

import re

from node.proofs.errors import MalformedTermError, shown

type Quad = tuple[str, str, str, str]
"""Subject, predicate, object and graph, each a canonical N-Quads term; the graph "" is the default graph."""

XSD_STRING = "http://www.w3.org/2001/XMLSchema#string"

# What N-Quads' IRIREF cannot hold; unescaped, such a character would end the term early and forge other terms.
# Surrogates have no UTF-8 form.
_NOT_IN_IRI = re.compile(r'[\x00-\x20<>"{}|^`\\\ud800-\udfff]')
# BCP 47's shape as far as N-Quads' LANGTAG knows it; the case is kept, as term equality of RDF 1.1 demands.
_LANGUAGE = re.compile(r"[A-Za-z]+(?:-[A-Za-z0-9]+)*")

_ESCAPED = re.compile(r'[\x00-\x1f"\\\x7f\ufffe\uffff\ud800-\udfff]')
# Seven characters have an ECHAR; the other C0 controls, DEL and what XML 1.1 does not count as a character
# (U+FFFE, U+FFFF) are written as UCHAR: lower-case u and four upper-case digits.
_ESCAPES = {chr(code): f"\\u{code:04X}" for code in (*range(0x20), 0x7F, 0xFFFE, 0xFFFF)} | {
    "\b": r"\b",
    "\t": r"\t",
    "\n": r"\n",
    "\f": r"\f",
    "\r": r"\r",
    '"': r"\"",
    "\\": r"\\",
}


def iri_term(iri: str) -> str:
    """The IRI as a term; that it is absolute is for the caller to have checked.

    Raises MalformedTermError for a character that no IRI has and N-Quads would have to escape.

    Spec: https://www.w3.org/TR/n-quads/#grammar-production-IRIREF
    """
    if bad := _NOT_IN_IRI.search(iri):
        raise MalformedTermError(
            f"the IRI {shown(iri)} contains {shown(bad[0])}, which no IRI may",
            code="quads.iri",
            remedy="Percent-encode the character in the identifier and sign the document again.",
        )
    return f"<{iri}>"


def literal_term(value: str, datatype: str | None = None, language: str | None = None) -> str:
    """The literal as a term: a language wins over the datatype, and xsd:string goes without saying.

    Raises MalformedTermError for a lone surrogate, a malformed language tag or datatype IRI.

    Spec: https://www.w3.org/TR/rdf-canon/#canonical-quads
    """
    text = _ESCAPED.sub(_escape, value) if _ESCAPED.search(value) else value
    if language is not None:
        if not _LANGUAGE.fullmatch(language):
            raise MalformedTermError(
                f"{shown(language)} is not a language tag",
                code="quads.language",
                remedy='Use a BCP 47 language tag such as "pl" or "en-GB" and sign the document again.',
            )
        return f'"{text}"@{language}'
    if datatype is None or datatype == XSD_STRING:
        return f'"{text}"'
    return f'"{text}"^^{iri_term(datatype)}'


def to_nquad(quad: Quad) -> str:
    """The quad as one canonical N-Quads line, newline included."""
    subject, predicate, object_, graph = quad
    return f"{subject} {predicate} {object_} {graph} .\n" if graph else f"{subject} {predicate} {object_} .\n"


def _escape(match: re.Match[str]) -> str:
    character = match[0]
    if character not in _ESCAPES:
        raise MalformedTermError(
            f"the text {shown(match.string)} contains the lone surrogate {shown(character)}",
            code="quads.surrogate",
            remedy="Replace the broken character by a whole Unicode character and sign the document again.",
        )
    return _ESCAPES[character]
