"""What can be wrong with what a verifier, rather than a document, brings along.

VerificationError
├── PolicyError     policy.{syntax, invalid, unknown, requires}
├── TrustError      trust.{syntax, invalid, duplicate, did, file, document, context, exchange}
└── MaterialError   material.{invalid, version}

What is wrong with a document is never raised: it is a check of the report.
"""


class VerificationError(ValueError):
    """A policy, a trust file or saved material cannot be used as it stands."""

    def __init__(self, message: str, *, code: str, remedy: str, file: str = "", path: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.remedy = remedy
        self.file = file
        """The name of the file, as its reader gave it."""
        self.path = path
        """The key inside the file, as in `lists[0].issuers[2].did`."""


class PolicyError(VerificationError):
    """A policy is not one that a document could be judged by."""


class TrustError(VerificationError):
    """A trust file does not say whom and what to trust."""


class MaterialError(VerificationError):
    """Saved material is not what `VerificationMaterial.to_json` writes."""
