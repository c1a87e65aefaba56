"""Addresses on the web that somebody writes into what the node publishes or asks: one spelling, one meaning.

Whoever fetches from one later checks it again, and where it leads. Here a text is refused early, with a reason, to
whoever typed it: no user, no port but the usual one, no number or inner name for a host, no dots that climb, and
nothing hidden.

Spec: https://www.rfc-editor.org/rfc/rfc3986#section-3
"""

import re
from typing import Final

from did_methods.errors import shown
from did_methods.host import LOCALHOST, problem_with
from node.issuance.errors import HostingError

MAX_CHARS: Final = 2048
"""As many as the fetcher takes."""
_ADDRESS: Final = re.compile(
    r"(?P<scheme>https?)://(?P<host>[^/?#:@\\\s]+)(?P<port>:[1-9][0-9]{0,4})?"
    r"(?P<path>(?:/(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})*)*)"
    r"(?P<query>\?(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*)?",
    re.ASCII,
)
_ENCODED: Final = re.compile(r"%(?:2[eE]|2[fF]|5[cC]|3[bB]|0|1|7[fF])")
"""Dots and separators in disguise, and controls."""
_DOTS: Final = re.compile(r"(?:^|[/;])\.{1,2}(?:$|[/;])")


def web_address(text: str, *, loopback: bool = False, origin: bool = False) -> str:
    """The text, where it is an https address on the public web; raises HostingError.

    `loopback` takes one of this machine too, for development. `origin` takes no path and no query.
    """
    reason = _problem(text, loopback=loopback, origin=origin)
    if reason is not None:
        raise HostingError(
            f"{shown(text)} is no address that others could ask: {reason}",
            code="hosting.address",
            remedy="Write https:// and the name of a public host"
            + (", and nothing behind it." if origin else ", and a path where there is one."),
        )
    return text


def _problem(text: str, *, loopback: bool, origin: bool) -> str | None:  # noqa: PLR0911 -- one per reason
    match = _ADDRESS.fullmatch(text) if len(text) <= MAX_CHARS else None
    if match is None:
        return f"it is not spelt as one, in at most {MAX_CHARS} characters"
    host, path = match["host"], match["path"]
    local = loopback and host == LOCALHOST
    if match["scheme"] != "https" and not local:
        return "it does not begin with https://"
    if not local and (problem := problem_with(host)) is not None:
        return f"the host {problem}"
    if match["port"] is not None and not local:
        return "it names a port; readers ask the usual one alone"
    if origin and (path or match["query"] is not None):
        return "there is something behind the host"
    if _DOTS.search(path) or _ENCODED.search(text):
        return "its path climbs, or hides something"
    return None
