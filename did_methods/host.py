"""Names of hosts, in the one spelling that is fetched from and shown.

Only what a registrar could register is taken: letters, digits and hyphens in lower case, in at least two labels. What a
resolver, a browser or a C library would read as the number of a machine is no name, however it is written. A name
beyond ASCII is written in its `xn--` form and stays in it, so that no two spellings look alike.

Spec: https://www.rfc-editor.org/rfc/rfc1123#section-2.1, https://www.rfc-editor.org/rfc/rfc5891#section-4.4,
https://url.spec.whatwg.org/#ends-in-a-number-checker
"""

import re
from typing import Final

MAX_HOST_CHARS: Final = 253
"""RFC 1035, 2.3.4: 255 octets on the wire, two of which are the first length and the root."""
LOCALHOST: Final = "localhost"

_LABEL: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")
# RFC 6761, 6762, 7686, 8375 and 9476, and ICANN's choice of `internal`: names of which no stranger is the registered
# owner, or that must not be looked up.
_SPECIAL: Final = frozenset({LOCALHOST, "local", "internal", "invalid", "test", "onion", "alt"})
_HOME: Final = ["home", "arpa"]


def problem_with(host: str) -> str | None:
    """Why this is no name of a host on the public network, to follow the name in a sentence; None where it is one."""
    labels = host.split(".")
    if len(host) > MAX_HOST_CHARS:
        return f"has {len(host)} characters; a name of a host has at most {MAX_HOST_CHARS}"
    if not all(_LABEL.fullmatch(label) for label in labels):
        return "is not spelt as the name of a host: labels of lower-case letters, digits and hyphens, joined by dots"
    if _NUMBER.fullmatch(labels[-1]):
        return "is the number of a machine, not its name"
    if labels[-1] in _SPECIAL or labels[-2:] == _HOME:
        return "is a name for use inside a network"
    if len(labels) == 1:
        return "has a single label, which means something else in every network"
    return None
