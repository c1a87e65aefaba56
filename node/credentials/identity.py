"""By what an award names its learner: a name in the clear, identifiers as salted hashes.

A hash keeps an identifier from whoever reads the document; who knows the identifier can tell that it is the one. The
salt stands beside it, so the same e-mail address is another text in each award; an address that can be guessed can be
tried all the same.

Spec: https://www.imsglobal.org/spec/ob/v3p0/#identityobject, https://www.imsglobal.org/spec/ob/v3p0/#identityhash
"""

import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Final
from unicodedata import normalize

from node.documents import JsonObject

IDENTITY_TYPES: Final = frozenset(
    {
        "name",
        "sourcedId",
        "systemId",
        "productId",
        "userName",
        "accountId",
        "emailAddress",
        "nationalIdentityNumber",
        "isbn",
        "issn",
        "lisSourcedId",
        "oneRosterSourcedId",
        "sisSourcedId",
        "ltiContextId",
        "ltiDeploymentId",
        "ltiToolId",
        "ltiPlatformId",
        "ltiUserId",
        "identifier",
    }
)
"""The kinds of identifiers that Open Badges lists; others begin with `ext:`."""
NAME: Final = "name"
EMAIL: Final = "emailAddress"
ALWAYS_HASHED: Final = frozenset({EMAIL, "nationalIdentityNumber"})
"""What is never written in the clear: everybody who is shown the document would have it."""
SALT_BYTES: Final = 16
"""128 bits from a CSPRNG: enough that no two awards share a salt."""
MIN_SALT_CHARS: Final = 22
"""What 16 bytes take in the shortest usual encoding, base64url."""

_EXTENSION: Final = re.compile(r"ext:[a-zA-Z0-9._-]+", re.ASCII)


def is_identity_type(text: str) -> bool:
    """Whether Open Badges allows it as the type of an identity."""
    return text in IDENTITY_TYPES or _EXTENSION.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Identity:
    """One identifier of a learner; with a salt, only its hash is written."""

    type: str
    value: str
    salt: str | None = None

    def to_json(self) -> JsonObject:
        """The IdentityObject."""
        if self.salt is None:
            return {
                "type": "IdentityObject",
                "identityType": self.type,
                "hashed": False,
                "identityHash": self.value,
            }
        return {
            "type": "IdentityObject",
            "identityType": self.type,
            "hashed": True,
            "identityHash": identity_hash(self.type, self.value, self.salt),
            "salt": self.salt,
        }


def identity_hash(identity_type: str, value: str, salt: str) -> str:
    """The salted hash of an identifier: `sha256$` and 64 lower-case hexadecimal digits.

    Composed characters, without space around it; an e-mail address in lower case, since everybody writes it so or means
    the same by another. Whoever compares has to do likewise.
    """
    text = normalize("NFC", value.strip())
    if identity_type == EMAIL:
        text = text.lower()
    return f"sha256${sha256((text + salt).encode()).hexdigest()}"
