"""The text of the QR code on a printed page: where the credential is to be had, and the digest by which it is known.

With an address: `https://…#sha256=` and 64 hexadecimal digits. Phones open it; what follows the `#` is not sent to the
server. Without one: `ni:///sha-256;…`, the name of the bytes themselves. The digest is that of the credential's file:
its text, with one line end after it and no white space around it, as `glejt issue` and `glejt unbake` write it.

Spec: https://www.rfc-editor.org/rfc/rfc6920#section-3
"""

import base64
import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from node.credentials.errors import PaperError, shown

MAX_ADDRESS_CHARS: Final = 200
"""With a longer one simple readers fail at the code, which is five centimetres wide on the page."""
_ADDRESS: Final = re.compile(r"https://[a-z0-9][a-z0-9.-]*(?::\d{1,5})?(?:[/?][!-~]*)?")
"""https, a host in small letters, and no user: what stands before an @ is there to deceive."""
_WITH_ADDRESS: Final = re.compile(r"([^#]+)#sha256=([0-9a-f]{64})")
_NAMED: Final = re.compile(r"ni:///sha-256;([\w-]{43})", re.ASCII)
_BARE: Final = re.compile(r"(?:sha256:)?([0-9a-f]{64})")
_SPACE: Final = b" \t\r\n"


@dataclass(frozen=True, slots=True)
class PaperCode:
    """What a code on paper says: a SHA-256 digest in hexadecimal, and an address where there is one."""

    digest: str
    address: str | None = None

    @property
    def text(self) -> str:
        """The text of the code."""
        if self.address is not None:
            return f"{self.address}#sha256={self.digest}"
        return f"ni:///sha-256;{base64.urlsafe_b64encode(bytes.fromhex(self.digest)).decode().rstrip('=')}"


def is_address(text: str) -> bool:
    """Whether a text is an address that may stand in a code."""
    return len(text) <= MAX_ADDRESS_CHARS and "#" not in text and _ADDRESS.fullmatch(text) is not None


def file_of(credential: bytes) -> bytes:
    """The bytes that the digest is of: the credential with one line end after it, whatever white space was around."""
    return credential.strip(_SPACE) + b"\n"


def code_for(credential: bytes, address: str | None) -> PaperCode:
    """The code for a credential; raises PaperError for an address that may not stand in it."""
    if address is not None and not is_address(address):
        message = f"{shown(address)} is no address for a code on paper"
        remedy = f"Give an https address of at most {MAX_ADDRESS_CHARS} characters, with no user and no part after #."
        raise PaperError(message, code="paper.address", remedy=remedy)
    return PaperCode(sha256(file_of(credential)).hexdigest(), address)


def read_code(text: str) -> PaperCode:
    """What a code says; raises PaperError for the text of any other code."""
    if (named := _WITH_ADDRESS.fullmatch(text)) and is_address(named[1]):
        return PaperCode(named[2], named[1])
    if named := _NAMED.fullmatch(text):
        code = PaperCode(base64.urlsafe_b64decode(named[1] + "=").hex())
        if code.text == text:  # the last digit has bits to spare
            return code
    raise PaperError(f"{shown(text)} is no code of a printed page", code="paper.code")


def read_expected(text: str) -> PaperCode:
    """The same for what somebody types: also a bare digest, with or without `sha256:` before it, in groups or not."""
    if bare := _BARE.fullmatch("".join(text.split()).lower()):
        return PaperCode(bare[1])
    return read_code(text.strip())
