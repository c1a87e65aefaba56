"""What may be around a message, in which order.

Spec: https://identity.foundation/didcomm-messaging/spec/v2.1/#iana-media-types
"""

from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Layer(StrEnum):
    """One thing around a message, or around another."""

    ANONCRYPT = "anoncrypt"
    AUTHCRYPT = "authcrypt"
    SIGNED = "sign"


class Wrapping(StrEnum):
    """All that is around a message.

    The specification's table has neither of the two that are signed inside authcrypt, or says that they should not be
    made; its own test vectors are such. They are opened, when signer and sender are one, and never made here.
    """

    PLAINTEXT = "plaintext"
    SIGNED = "sign(plaintext)"
    ANONCRYPT = "anoncrypt(plaintext)"
    AUTHCRYPT = "authcrypt(plaintext)"
    ANONCRYPT_SIGNED = "anoncrypt(sign(plaintext))"
    AUTHCRYPT_SIGNED = "authcrypt(sign(plaintext))"
    ANONCRYPT_AUTHCRYPT = "anoncrypt(authcrypt(plaintext))"
    ANONCRYPT_AUTHCRYPT_SIGNED = "anoncrypt(authcrypt(sign(plaintext)))"


CONFIDENTIAL: Final = frozenset(Wrapping) - {Wrapping.PLAINTEXT, Wrapping.SIGNED}
"""Nobody but the recipients could read it."""
AUTHCRYPTED: Final = frozenset(each for each in Wrapping if Layer.AUTHCRYPT in each)
"""Besides, the sender is known to the recipients, whatever was signed."""

LAYERS: Final = MappingProxyType(
    {tuple(Layer(name) for name in wrapping.replace(")", "").split("(")[:-1]): wrapping for wrapping in Wrapping}
)
"""The wrapping that layers are, from the outermost."""
