"""What keeps a node from starting, and what is unsafe about how it is set up.

StartError       start.{passphrase_absent, passphrase_weak, secret_absent, port, host, key_service, chain, policy,
                 trust}
└── UnsafeError  start.unsafe: one or more of danger.{passphrase, public_url, chain, loopback, debug, folder, files,
                 file_system, database}
"""

from dataclasses import dataclass


class StartError(Exception):
    """A node cannot start as it is set up."""

    def __init__(self, message: str, *, code: str, remedy: str) -> None:
        super().__init__(message)
        self.code = code
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Danger:
    """Something that is fit for trying glejt out, and not for issuing what people rely on."""

    code: str
    message: str
    remedy: str


class UnsafeError(StartError):
    """A node in production would lose or give away what it must not; `dangers` are all that were found."""

    def __init__(self, dangers: tuple[Danger, ...]) -> None:
        super().__init__(
            ", ".join(dict.fromkeys(danger.code for danger in dangers)),
            code="start.unsafe",
            remedy="Mend each of these, or say --profile development for a node that is only tried out.",
        )
        self.dangers = dangers
