"""What is claimed: credentials, presentations and the contexts that give their terms a meaning."""
