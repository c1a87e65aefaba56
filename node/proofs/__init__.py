"""How a document is secured: JSON-LD to RDF, canonicalization, cryptosuites, Data Integrity."""
