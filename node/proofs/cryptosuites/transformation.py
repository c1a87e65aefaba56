"""Transformation: from a document, or a proof configuration, to the bytes that are hashed.

Spec: https://www.w3.org/TR/vc-data-integrity/#transformations
"""

from collections.abc import Callable
from dataclasses import dataclass

from node.documents import JsonObject
from node.proofs.canonicalize.jcs import jcs
from node.proofs.canonicalize.rdfc10 import canonicalize
from node.proofs.jsonld import JsonLd
from node.proofs.signatures import HashName


@dataclass(frozen=True, slots=True)
class Transformation:
    """A canonicalization, and where the context of the proof configuration comes from.

    RDF gives the proof's terms their meaning through the document's contexts. JCS sees text only, so there the proof
    carries a copy of the contexts it was made under (`carries_context`).
    """

    name: str
    canonical: Callable[[JsonObject, JsonLd, HashName], bytes]
    carries_context: bool


def _rdfc(document: JsonObject, jsonld: JsonLd, hash_name: HashName) -> bytes:
    return canonicalize(jsonld.to_rdf(document), hash_name=hash_name).data


def _jcs(document: JsonObject, _jsonld: JsonLd, _hash_name: HashName) -> bytes:
    return jcs(document)


# The suite's hash is RDFC-1.0's too, as vc-di-ecdsa demands for P-384.
RDFC = Transformation(name="rdfc", canonical=_rdfc, carries_context=False)
JCS = Transformation(name="jcs", canonical=_jcs, carries_context=True)
