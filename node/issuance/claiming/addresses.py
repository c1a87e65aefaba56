"""E-mail addresses, as far as this node writes to them: one form, without comments, quotes or anything unseen.

Spec: https://www.rfc-editor.org/rfc/rfc5321#section-4.1.2, https://www.rfc-editor.org/rfc/rfc5891
"""

import re
from typing import Final

import idna

from node.issuance.errors import NotIssuableError

MAX_ADDRESS_CHARS: Final = 254
"""What fits between the brackets of SMTP (RFC 5321, 4.5.3.1.3)."""
MAX_LOCAL_CHARS: Final = 64
_LOCAL: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*", re.ASCII)


def mail_address(text: str, path: str = "/email") -> str:
    """The address as a mail server takes it, its domain in ASCII; raises NotIssuableError, which repeats nothing."""
    local, at, domain = text.rpartition("@")
    if not at or len(text) > MAX_ADDRESS_CHARS or len(local) > MAX_LOCAL_CHARS or not _LOCAL.fullmatch(local):
        raise _refused(path)
    try:
        ascii_domain = idna.encode(domain, uts46=True).decode("ascii").lower()
    except (idna.IDNAError, UnicodeError):
        raise _refused(path) from None
    if "." not in ascii_domain or ascii_domain.rpartition(".")[2].isdigit():
        raise _refused(path)
    return f"{local}@{ascii_domain}"


def _refused(path: str) -> NotIssuableError:
    return NotIssuableError(
        "this is no e-mail address that is written to here",
        code="award.email",
        path=path,
        remedy="Write it as in learner@school.example: letters of ASCII before the @, and a domain behind it.",
    )
