"""One byte string for all documents that say the same: RDFC-1.0 for RDF, JCS for JSON."""
