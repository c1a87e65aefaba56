"""What can be wrong with what a verifier, rather than a document, brings along.

VerificationError
├── PolicyError     policy.{syntax, invalid, unknown, requires}
├── TrustError      trust.{syntax, invalid, duplicate, did, file, document, context, exchange, certificate, chain,
│                   namespace}
├── CapsuleError    capsule.{invalid, too_large}
├── PossessionError holder.*, where nobody has shown a key
├── RegisterError   register.{url, form, digest, rolled_back, too_large, head}
└── MaterialError   material.{invalid, version}

FetchError              what an address stands for was not had; never a reason to call a document good or forged
├── FetchRefusedError   asking again changes nothing: fetch.{url, scheme, userinfo, host, port, address, redirect,
│                       too_large, headers, encoding}
└── UnreachableError    it may be had another time: fetch.{offline, unresolved, unreachable, tls, timeout, broken,
                        status}

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


class CapsuleError(VerificationError):
    """A file that says it is a capsule is not what one looks like."""


class PossessionError(VerificationError):
    """A presentation does not show that anybody has a key, for the request that was made."""


class RegisterError(VerificationError):
    """A register, or a copy of one, is not what one looks like, or not what its digests say."""


class FetchError(Exception):
    """Nothing was fetched from an address that somebody else named."""

    def __init__(self, message: str, *, code: str, remedy: str, status: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.remedy = remedy
        self.status = status
        """The HTTP status of the answer, where that is what was wrong."""


class FetchRefusedError(FetchError):
    """The address, or what it answered, is one that is never fetched from or read."""


class UnreachableError(FetchError):
    """Nobody answered, or not with what was asked for."""
