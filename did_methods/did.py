"""One strict parser for DIDs and DID URLs.

It accepts a subset of the grammar: no part may be empty, and nothing may hide a delimiter, a dot segment or a second
spelling behind percent encoding, so that the host that is fetched is the host that is shown.

Spec: https://www.w3.org/TR/did-1.0/#did-syntax, https://www.w3.org/TR/did-1.0/#did-url-syntax
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NoReturn

from did_methods.errors import DidMethodsError, InvalidDidError, InvalidDidUrlError, shown

# A did:jwk with a P-384 key has 300 characters, a did:peer with its services inside some 3,000.
MAX_DID_CHARS: Final = 4096
# Room for a path, a query and a fragment behind the longest DID.
MAX_DID_URL_CHARS: Final = MAX_DID_CHARS + 2048
# One verification asks for the same identifiers several times; longer is of no use, and strangers choose the texts.
_REMEMBERED: Final = 256

_ID_CHARS: Final = r"[A-Za-z0-9._-]|%[0-9A-F]{2}"
_SEGMENT_CHARS: Final = rf"(?:{_ID_CHARS}|[~!$&'()*+,;=:@])+"
_DID: Final = re.compile(rf"did:(?P<method>[a-z0-9]+):(?P<identifier>(?:{_ID_CHARS})+(?::(?:{_ID_CHARS})+)*)")
# A query and a fragment may also hold slashes and question marks (RFC 3986, 3.4 and 3.5).
_TAIL: Final = rf"(?:{_ID_CHARS}|[~!$&'()*+,;=:@/?])+"
_AFTER_DID: Final = re.compile(
    rf"(?P<path>(?:/{_SEGMENT_CHARS})*)(?:\?(?P<query>{_TAIL}))?(?:#(?P<fragment>{_TAIL}))?",
)
_PERCENT: Final = re.compile(r"%([0-9A-F]{2})")
# What an identifier may encode: the colon of a port in did:web, and the tilde of a person's folder on a web server.
# Everything else is writable as it is, and so a second spelling, or is a delimiter, a control or part of a character
# that looks like one.
_ENCODABLE_IN_IDENTIFIER: Final = frozenset(b":~")
# Controls, space, and what a reader of the decoded text would take for structure.
_NEVER_ENCODED: Final = frozenset(range(0x21)) | frozenset(b"%/?#\\@\x7f")


@dataclass(frozen=True, slots=True)
class Did:
    """A DID; `identifier` is the method-specific part as written."""

    method: str
    identifier: str

    def __str__(self) -> str:
        return f"did:{self.method}:{self.identifier}"


@dataclass(frozen=True, slots=True)
class DidUrl:
    """A DID URL; `path` begins with a slash or is empty, and an absent query or fragment is None."""

    did: Did
    path: str = ""
    query: str | None = None
    fragment: str | None = None

    def __str__(self) -> str:
        query = "" if self.query is None else f"?{self.query}"
        fragment = "" if self.fragment is None else f"#{self.fragment}"
        return f"{self.did}{self.path}{query}{fragment}"


@lru_cache(_REMEMBERED)
def parse_did(text: str) -> Did:
    """The DID a text is, and nothing but the DID."""
    _bound(text, MAX_DID_CHARS, InvalidDidError, "did")
    match = _DID.fullmatch(text)
    if match is None:
        _refuse(text, "is not a DID: did, a method in lower case and a non-empty identifier", InvalidDidError, "did")
    return _did_of(match, text, InvalidDidError, "did")


@lru_cache(_REMEMBERED)
def parse_did_url(text: str) -> DidUrl:
    """The DID URL a text is; a bare DID is one too."""
    _bound(text, MAX_DID_URL_CHARS, InvalidDidUrlError, "did_url")
    match = _DID.match(text)
    after = _AFTER_DID.fullmatch(text, match.end()) if match else None
    if match is None or after is None or match.end() > MAX_DID_CHARS:
        _refuse(
            text,
            "is not a DID URL: a DID, then path, query and fragment, none of them empty",
            InvalidDidUrlError,
            "did_url",
        )
    did = _did_of(match, text, InvalidDidUrlError, "did_url")
    if any(_is_dot_segment(segment) for segment in after["path"].split("/")):
        _refuse_dot_segment(text, InvalidDidUrlError, "did_url")
    if any(byte in _NEVER_ENCODED for byte in _encoded_bytes(after[0])):
        _refuse_encoding(text, InvalidDidUrlError, "did_url")
    return DidUrl(did, after["path"], after["query"], after["fragment"])


def _did_of(match: re.Match[str], text: str, error: type[DidMethodsError], kind: str) -> Did:
    identifier = match["identifier"]
    if any(byte not in _ENCODABLE_IN_IDENTIFIER for byte in _encoded_bytes(identifier)):
        _refuse_encoding(text, error, kind)
    if any(_is_dot_segment(segment) for segment in identifier.split(":")):
        _refuse_dot_segment(text, error, kind)
    return Did(match["method"], identifier)


def _encoded_bytes(text: str) -> list[int]:
    return [int(digits, 16) for digits in _PERCENT.findall(text)]


def _is_dot_segment(segment: str) -> bool:
    return segment.replace("%2E", ".") in {".", ".."}


def _bound(text: str, limit: int, error: type[DidMethodsError], kind: str) -> None:
    if len(text) > limit:
        raise error(
            f"{shown(text)} has {len(text)} characters; at most {limit} are read here",
            code=f"{kind}.too_long",
            remedy="Check that the right value was put here, or use a shorter identifier.",
        )


def _refuse(text: str, reason: str, error: type[DidMethodsError], kind: str) -> NoReturn:
    raise error(
        f"{shown(text)} {reason}",
        code=f"{kind}.syntax",
        remedy="Compare the identifier with its source, letter by letter; percent encodings are in upper case.",
    )


def _refuse_encoding(text: str, error: type[DidMethodsError], kind: str) -> NoReturn:
    raise error(
        f"{shown(text)} hides a character behind percent encoding that can mislead about where it points",
        code=f"{kind}.percent_encoding",
        remedy="Do not rely on this identifier; ask its holder for one without such characters.",
    )


def _refuse_dot_segment(text: str, error: type[DidMethodsError], kind: str) -> NoReturn:
    raise error(
        f"{shown(text)} has a segment that is only dots, which would point elsewhere",
        code=f"{kind}.dot_segment",
        remedy="Do not rely on this identifier; ask its holder for one without such segments.",
    )
