"""The addresses on the web that a stranger may name, read strictly: one spelling, one meaning.

Readers of URLs disagree about backslashes, userinfo, encoded dots and numbers for hosts, and a guard that reads a URL
otherwise than the client behind it guards nothing. Here a text is taken apart once; what is left over is refused.

Spec: https://www.rfc-editor.org/rfc/rfc3986#section-3
"""

import re
from dataclasses import dataclass
from ipaddress import IPv6Address
from typing import Final, NoReturn

from did_methods.errors import shown
from did_methods.host import LOCALHOST, problem_with
from node.adapters.addresses import LOOPBACK, Address, kind_of, parse_address
from node.verification.errors import FetchRefusedError

MAX_URL_CHARS: Final = 2048
"""Far beyond any published list or document; what is longer carries data out, or is an attempt."""
HTTPS: Final = "https"
HTTPS_PORT: Final = 443
HTTP_PORT: Final = 80
MAX_PORT: Final = 65_535

_URL: Final = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<authority>[^/?#]*)(?P<path>[^?#]*)(?P<query>\?[^#]*)?(?P<fragment>#.*)?",
    re.DOTALL,
)
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_AUTHORITY: Final = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]*\]|[^:\[\]]*)(?::(?P<port>[1-9][0-9]{0,4}))?")
_TARGET: Final = re.compile(r"(?:[/?](?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*)?")
_ENCODED: Final = re.compile(r"%([0-9A-Fa-f]{2})")
_CONTROLS: Final = frozenset((*range(0x20), 0x7F))
_SEPARATOR: Final = re.compile("[/;]|%2f|%3b|%5c")
"""What may stand beside dots: some servers take an encoded slash for one, or leave out what follows a semicolon, before
they look for them."""
_DOTS: Final = frozenset({".", ".."})


@dataclass(frozen=True, slots=True)
class Rules:
    """What an administrator lets strangers name.

    `loopback` is for tests and development: it opens this machine's own addresses, to which alone any port, plain http
    and numbers for hosts are then open too.
    """

    ports: frozenset[int] = frozenset({HTTPS_PORT})
    loopback: bool = False


PUBLIC_WEB: Final = Rules()


@dataclass(frozen=True, slots=True)
class WebUrl:
    """A URL taken apart. `text` is as it came; `target` is what the server is asked for, exactly as written.

    `number` is the address where the host is one. `local` says that no other address than loopback will do.
    """

    text: str
    scheme: str
    host: str
    port: int
    target: str
    number: Address | None
    local: bool

    @property
    def authority(self) -> str:
        """The host, and the port where it is not the scheme's own."""
        usual = HTTPS_PORT if self.scheme == HTTPS else HTTP_PORT
        return self.host if self.port == usual else f"{self.host}:{self.port}"

    @property
    def origin(self) -> str:
        """Scheme, host and port, in the one spelling that can be compared."""
        return f"{self.scheme}://{self.authority}"


def parse_url(text: str, rules: Rules) -> WebUrl:
    """The parts of a URL that keeps to the rules.

    1. It is bounded, and nothing but the characters of a URL.
    2. The scheme is https.
    3. No user and no password stand before the host.
    4. The host is a name.
    5. The port is the usual one, or one that was allowed.
    6. The path has no dot segments and hides no control characters; there is no fragment.

    Raises FetchRefusedError. What the name resolves to is another question.
    """
    if len(text) > MAX_URL_CHARS:  # 1.
        _refuse(text, f"has {len(text)} characters; at most {MAX_URL_CHARS} are followed", "url")
    match = _URL.fullmatch(text)
    if match is None or not text.isascii() or not text.isprintable():
        _refuse(text, "is not a URL: a scheme, ://, a host, a path, all in printable ASCII", "url")
    scheme = match["scheme"].lower()
    if scheme != HTTPS and not (scheme == "http" and rules.loopback):  # 2.
        _refuse(text, "is not an https address", "scheme")
    if "@" in match["authority"]:  # 3.
        _refuse(text, "has a user name in it, behind which the true host hides", "userinfo")
    authority = _AUTHORITY.fullmatch(match["authority"])
    if authority is None:
        _refuse(text, "names no host, or no port behind it", "host")
    host, number = _host(text, authority["host"].lower(), rules)  # 4.
    port = int(authority["port"] or (HTTPS_PORT if scheme == HTTPS else HTTP_PORT))  # 5.
    if port > MAX_PORT or (port not in rules.ports and not rules.loopback):
        _refuse(text, f"names the port {port}, which is not open to addresses that others name", "port")
    target = _target(text, match["path"], match["query"] or "", match["fragment"])  # 6.
    local = scheme != HTTPS or port not in rules.ports or number is not None or host == LOCALHOST
    return WebUrl(text, scheme, host, port, target, number, local)


def join(base: WebUrl, reference: str) -> str:
    """The URL that a reference means where `base` was asked for; it has to be read as strictly as any other.

    Dot segments are left standing, for that reading to refuse.

    Spec: https://www.rfc-editor.org/rfc/rfc3986#section-5.2.2
    """
    if _SCHEME.match(reference):
        return reference
    if reference.startswith("//"):
        return f"{base.scheme}:{reference}"
    path = base.target.partition("?")[0]
    if reference.startswith("/"):
        path = ""
    elif not reference.startswith("?"):
        path = path[: path.rindex("/") + 1]
    return f"{base.origin}{path}{reference}"


def _host(text: str, host: str, rules: Rules) -> tuple[str, Address | None]:
    """The host, and the address it is where it is a number; numbers and `localhost` only where loopback is open."""
    number = parse_address(host.strip("[]")) if rules.loopback else None
    if number is not None and kind_of(number) == LOOPBACK and isinstance(number, IPv6Address) == host.startswith("["):
        return host, number
    if not (rules.loopback and host == LOCALHOST) and (problem := problem_with(host)):
        _refuse(text, f"names no host: {shown(host)} {problem}", "host")
    return host, None


def _target(text: str, path: str, query: str, fragment: str | None) -> str:
    """What the server is asked for, exactly as written."""
    target = path + query
    encoded = {int(digits, 16) for digits in _ENCODED.findall(target)}
    if fragment is not None or not _TARGET.fullmatch(target) or encoded & _CONTROLS:
        _refuse(text, "has a path or query that is not one, or a fragment", "url")
    if not _DOTS.isdisjoint(_SEPARATOR.split(path.lower().replace("%2e", "."))):
        _refuse(text, "has a path segment that is only dots", "url")
    return target if path else f"/{target}"


def _refuse(text: str, reason: str, kind: str) -> NoReturn:
    raise FetchRefusedError(
        f"{shown(text)} {reason}",
        code=f"fetch.{kind}",
        remedy="Ask whoever wrote the address for one that is public, in plain ASCII, and under https.",
    )
