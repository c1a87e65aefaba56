"""Errors of DIDs, DID documents and keys.

DidMethodsError
├── InvalidError                what was handed over is wrong
│   ├── MultibaseError          multibase.{too_long, prefix, alphabet, not_canonical}
│   ├── InvalidKeyError         key.{length, secret, not_canonical, not_on_curve, small_order, scalar, jwk, use,
│   │                           algorithm, mismatch, ambiguous, rsa_size, rsa_exponent, pem, hex, base64}
│   ├── PointError              bls12_381.{length, point, identity, not_canonical, scalar}
│   ├── InvalidDidError         did.{too_long, syntax, percent_encoding, dot_segment, host, path, account, service}
│   ├── InvalidDidUrlError      did_url.{too_long, syntax, percent_encoding, dot_segment, version, service, part}
│   ├── AbsentPartError         did_url.absent
│   ├── LogError                webvh.{too_large, too_many, line, member, parameter, method, time, number, hash, scid,
│   │                           proof, key, rotation, subject, other, portability, deactivated, witness, witness_file,
│   │                           moved}
│   ├── HistoryError            history.{order, files, proof}
│   ├── EventsError             ethr.{event, link}
│   └── DidDocumentError        did_document.{id, too_many, member, duplicate_id, time}
│       └── VerificationMethodError     verification_method.{foreign, absent, relationship, controller, use}
├── UnsupportedError            could not be checked: verification_method.{purpose, open}
│   ├── UnsupportedLogError     webvh.unsupported
│   ├── UnsupportedEventsError  ethr.{too_many, too_large, network, version}
│   ├── UntrustedHistoryError   history.block
│   ├── UnsupportedDidError     did.hash_alone
│   ├── UnsupportedKeyError     key.unsupported, account.unsupported
│   └── UnsupportedMethodError  verification_method.unsupported
└── UnavailableError            could not be had; whoever fetches gives the code
    └── AbsentError             nobody publishes it

Every error carries a stable `code`, a `remedy` for the reader, and, where it is about a document, the `path` of the
member as an RFC 6901 JSON pointer. No message ever shows secret key material.
"""

from typing import Final

# A message quotes what came in, but a hostile value must not fill a log or a screen.
MAX_SHOWN_CHARS: Final = 80


def shown(value: object) -> str:
    """A bounded, printable form of a received value for an error message."""
    text = ascii(value[: MAX_SHOWN_CHARS + 1]) if isinstance(value, str) else ascii(value)
    return text if len(text) <= MAX_SHOWN_CHARS else f"{text[:MAX_SHOWN_CHARS]}…"


class DidMethodsError(Exception):
    """A DID, a DID document or a key cannot be used."""

    def __init__(self, message: str, *, code: str, remedy: str, path: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.remedy = remedy
        self.path = path


class InvalidError(DidMethodsError):
    """What was handed over is wrong."""


class MultibaseError(InvalidError):
    """A text is not the one canonical encoding of some bytes."""


class InvalidKeyError(InvalidError):
    """A key is malformed, unsafe, or contradicts itself."""


class PointError(InvalidError):
    """Bytes are not the one encoding of a safe point, or of a scalar in use."""


class InvalidDidError(InvalidError):
    """A text is not a DID."""


class InvalidDidUrlError(InvalidError):
    """A text is not a DID URL."""


class AbsentPartError(InvalidError):
    """A document has no part of that name."""


class HistoryError(InvalidError):
    """The versions of a document do not follow one another."""


class DidDocumentError(InvalidError):
    """A DID document breaks the data model."""


class LogError(InvalidError):
    """A log of did:webvh, or an entry of one, breaks the rules of its method."""


class EventsError(InvalidError):
    """What a reader of a chain tells of an identity does not hang together."""


class VerificationMethodError(DidDocumentError):
    """A DID document does not authorise the method for this use."""


class UnsupportedError(DidMethodsError):
    """Something could not be checked because its kind is not known here."""


class UnsupportedDidError(UnsupportedError):
    """A DID does not say by itself what its document is."""


class UnsupportedKeyError(UnsupportedError):
    """A key is of a kind that is not known here."""


class UnsupportedMethodError(UnsupportedError):
    """A verification method is of a type that is not known here."""


class UnsupportedLogError(UnsupportedError):
    """A log goes on under rules that are not known here."""


class UnsupportedEventsError(UnsupportedError):
    """What is asked of an identity is more, or of another chain, than can be told here."""


class UntrustedHistoryError(UnsupportedError):
    """A history is about blocks that nobody whom the verifier trusts vouches for."""


class UnavailableError(DidMethodsError):
    """What is needed could not be had; it may be had another time."""


class AbsentError(UnavailableError):
    """Whoever should publish it says that there is nothing."""
