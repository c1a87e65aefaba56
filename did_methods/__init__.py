"""From an identifier to its DID document; does no I/O of its own."""
