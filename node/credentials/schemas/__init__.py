"""Schemas: whether a document has the form that its specification, or its issuer, says it has."""
