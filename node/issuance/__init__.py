"""The issuer's use cases: from a finished credential to one that anybody can check."""
