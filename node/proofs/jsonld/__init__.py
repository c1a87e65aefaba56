"""JSON-LD 1.1 to RDF, losslessly: a member that no statement would carry is an error, never a silence."""

from node.proofs.jsonld.processor import JsonLd

__all__ = ["JsonLd"]
