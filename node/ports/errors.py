"""Errors of the store and of the keys in it.

StoreError              store.{address, newer, unsupported, value, slow}
├── StoreBusyError      store.{busy, unavailable}    nothing was stored; the same may go well in a moment
├── StoreFullError      store.full                   nothing was stored, and nothing will be until there is room
├── StoreBrokenError    store.broken                 whether the last of it was stored is not known
├── AbsentError         store.absent                 this organisation has no such thing
├── ConflictError       store.{conflict, changed}    it is there already, or was changed meanwhile
│                       idempotency.other_request
├── CapError            key.cap                      a key has signed as often as it may
├── RuleError           organisation.{closed, closing, last_owner, role, member, members, name, own, program, settings},
│                       api_key.{first, label, lifetime, many, others, own, program, scope}, achievement.{withdrawn,
│                       empty}, approval.{closed, deciders, expired, key, other, program, same_person, too_large,
│                       waiting}, profile.{closed, many}, chain_record.many, award.state, batch.state, status.{final,
│                       sealed, full, closed, unreconciled, reconciled, value}, key.{purpose, retired}, vault.master,
│                       store.text
└── BackupError         backup.{shape, checksum, not_empty, revision, exists, unwritable}
VaultError              vault.{passphrase, passphrase_file, unopened, damaged, absent, service, token_library,
                        token_absent, token_pin, token_key, token_slow, token_failed}

No message shows a secret, or anything of another organisation.
"""


class StoreError(Exception):
    """The store did not do what it was asked."""

    def __init__(self, message: str, *, code: str, remedy: str) -> None:
        super().__init__(message)
        self.code = code
        self.remedy = remedy


class StoreBusyError(StoreError):
    """Nothing was stored, for a reason that passes."""


class StoreFullError(StoreError):
    """There is no room."""

    def __init__(self) -> None:
        super().__init__(
            "there is no room to store anything",
            code="store.full",
            remedy="Make room where the database lies. What was stored can be read meanwhile.",
        )


class StoreBrokenError(StoreError):
    """The disk, or the way to it, failed while something was being stored."""


class AbsentError(StoreError):
    """This organisation has no such thing."""

    def __init__(self, what: str) -> None:
        super().__init__(f"there is no {what} here", code="store.absent", remedy="Check the name; list what there is.")


class ConflictError(StoreError):
    """What was to be stored contradicts what is there."""


class RuleError(StoreError):
    """What was asked for would break a rule of the store."""


class CapError(StoreError):
    """A key has signed as often as it may for now; `seconds` says when it may again."""

    def __init__(self, message: str, seconds: int) -> None:
        super().__init__(
            message,
            code="key.cap",
            remedy="Try again then, or have an owner raise the caps of the signing profile. Nothing was signed.",
        )
        self.seconds = seconds


class BackupError(StoreError):
    """A backup cannot be made, read or restored."""


class VaultError(Exception):
    """A key at rest cannot be opened or closed."""

    def __init__(self, message: str, *, code: str, remedy: str) -> None:
        super().__init__(message)
        self.code = code
        self.remedy = remedy
