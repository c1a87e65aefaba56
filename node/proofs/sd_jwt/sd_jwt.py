"""The compact form: the issuer-signed JWT, the Disclosures, and perhaps a key-binding JWT, joined by tildes.

Spec: https://www.rfc-editor.org/rfc/rfc9901#section-4
"""

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Final

from node.proofs.jose.jws import Jws, parse_jws
from node.proofs.sd_jwt.disclosure import Disclosure, malformed, parse_disclosure

MAX_CHARS: Final = 2 * 1024 * 1024
"""A credential and its disclosures in base64url."""
MAX_DISCLOSURES: Final = 1024
"""A credential of 256 kB has hardly more members."""
MAX_HEADER_BYTES: Final = 32 * 1024
"""With a chain of certificates, of which each takes one or two kilobytes."""
_COMPACT: Final = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+){2}~([A-Za-z0-9_-]+~)*([A-Za-z0-9_.-]*)", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class SdJwt:
    """An SD-JWT as it was received; nothing of it has been verified.

    `key_binding` is the key-binding JWT of an SD-JWT+KB, else None.
    """

    jwt: Jws
    disclosures: tuple[Disclosure, ...]
    key_binding: Jws | None = None

    @property
    def presented(self) -> str:
        """What a key-binding JWT is about: everything up to and with the last tilde."""
        return "".join(f"{part}~" for part in (self.jwt.text, *(disclosure.text for disclosure in self.disclosures)))

    @property
    def text(self) -> str:
        """The compact form."""
        return self.presented + (self.key_binding.text if self.key_binding else "")

    def showing(self, disclosures: Collection[Disclosure]) -> "SdJwt":
        """This SD-JWT with these of its Disclosures alone, in their order, and without a key binding."""
        shown = {disclosure.text for disclosure in disclosures}
        return replace(self, disclosures=tuple(d for d in self.disclosures if d.text in shown), key_binding=None)

    def bound(self, key_binding: Jws) -> "SdJwt":
        """This SD-JWT with a key-binding JWT."""
        return replace(self, key_binding=key_binding)


def looks_like_sd_jwt(text: str) -> bool:
    """Whether a text could be an SD-JWT, by its characters, dots and tildes."""
    return _COMPACT.fullmatch(text) is not None


def parse_sd_jwt(text: str) -> SdJwt:
    """The parts of an SD-JWT or SD-JWT+KB; raises MalformedProofError, and UnsupportedProofError as `parse_jws` does.

    The bounds come first: no part is decoded before their number and size are known.
    """
    if len(text) > MAX_CHARS:
        raise malformed(f"the SD-JWT has {len(text)} characters; at most {MAX_CHARS} are read", "too_large")
    jwt, *disclosures, key_binding = text.split("~") if "~" in text else (text, "")
    if "~" not in text:
        raise malformed("there is no tilde: this is a JWT, not an SD-JWT", "parts")
    if len(disclosures) > MAX_DISCLOSURES:
        raise malformed(f"there are {len(disclosures)} disclosures; at most {MAX_DISCLOSURES} are read", "too_large")
    return SdJwt(
        jwt=parse_jws(jwt, max_header_bytes=MAX_HEADER_BYTES),
        disclosures=tuple(map(parse_disclosure, disclosures)),
        key_binding=parse_jws(key_binding) if key_binding else None,
    )
