"""JSON values as RDF literals, in canonical N-Quads.

Spec: https://www.w3.org/TR/json-ld11-api/#object-to-rdf-conversion
"""

import math
import re
from typing import Final

from node.documents import MAX_SAFE_INTEGER, JsonValue
from node.proofs.canonicalize.jcs import jcs
from node.proofs.errors import JcsError, MalformedTermError, shown
from node.proofs.jsonld.refusal import Refusal
from node.proofs.quads import literal_term

XSD: Final = "http://www.w3.org/2001/XMLSchema#"
XSD_STRING: Final = XSD + "string"
XSD_DOUBLE: Final = XSD + "double"
RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDF_JSON: Final = RDF + "JSON"
_I18N: Final = "https://www.w3.org/ns/i18n#"
_CANONICAL_DOUBLE: Final = re.compile(r"-?[1-9]\.(?:0|[0-9]*[1-9])E(?:0|-?[1-9][0-9]*)|-?0\.0E0|-?INF|NaN")


def text(value: str, datatype: str | None = None, language: str | None = None) -> str:
    """A string with its datatype or language."""
    if datatype == XSD_DOUBLE and not _CANONICAL_DOUBLE.fullmatch(value):
        # Some processors rewrite such a string as a number, others keep it.
        raise Refusal("context.ambiguous", f"processors differ in how they write the double {shown(value)}")
    try:
        return literal_term(value, datatype, language)
    except MalformedTermError as error:
        raise Refusal("context.text", str(error)) from error


def directed(value: str, language: str | None, direction: str) -> str:
    """A string with a text direction, in the form that keeps it.

    Spec: https://www.w3.org/TR/json-ld11/#the-i18n-namespace
    """
    return text(value, f"{_I18N}{language or ''}_{direction}")


def native(value: float, datatype: str | None) -> str:
    """A JSON boolean or number, with the datatype that its property gives it, if any.

    Refused is a number that its canonical form does not tell from its neighbours.

    Spec: https://www.w3.org/TR/json-ld11-api/#data-round-tripping
    """
    if isinstance(value, bool):
        return literal_term("true" if value else "false", datatype or XSD + "boolean")
    if isinstance(value, int):
        if abs(value) > MAX_SAFE_INTEGER:
            raise Refusal("context.number", f"the integer {shown(value)} is beyond {MAX_SAFE_INTEGER}")
        if datatype == XSD_DOUBLE:
            return literal_term(_double(float(value)), datatype)
        return literal_term(str(value), datatype or XSD + "integer")
    if not math.isfinite(value):
        raise Refusal("context.number", f"{value} is no JSON number")
    if value.is_integer() and datatype != XSD_DOUBLE:
        return native(int(value), datatype)
    return literal_term(_double(value), datatype or XSD_DOUBLE)


def json(value: JsonValue) -> str:
    """A JSON value kept as JSON, in its canonical form.

    Spec: https://www.w3.org/TR/json-ld11/#the-rdf-json-datatype
    """
    try:
        return literal_term(jcs(value).decode(), RDF_JSON)
    except JcsError as error:
        raise Refusal("context.json", str(error)) from error


def _double(value: float) -> str:
    mantissa, exponent = f"{value:.15E}".split("E")
    digits = mantissa.rstrip("0")
    canonical = f"{digits}{'0' if digits.endswith('.') else ''}E{int(exponent)}"
    if float(canonical) != value:
        raise Refusal("context.number", f"the canonical form of {value!r} has fewer digits: {canonical}")
    return canonical
