"""Where the words go: answers to standard output, remarks and errors to standard error, and nothing else anywhere.

Text that comes from a document is shown so that it can neither move the cursor, nor start a line of its own, nor
reorder the words around it.
"""

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from io import TextIOWrapper
from typing import Literal, TextIO

from node.cli.words import Words
from node.verification.phrases import shown as fit_for_phrase

type Colour = Literal["green", "amber", "red", "grey", "bold"]

SGR: dict[Colour, str] = {"green": "32", "amber": "33", "red": "31", "grey": "90", "bold": "1"}


@dataclass(frozen=True, slots=True)
class Output:
    """The two streams of one run."""

    words: Words
    quiet: bool = False

    def answer(self, line: str = "", colour: Colour | None = None) -> None:
        """One line of the answer; what stands in it must have gone through `visible`."""
        sys.stdout.write(_painted(line, colour, sys.stdout) + "\n")

    def answer_json(self, value: object, *, indent: int | None = None) -> None:
        """The answer, or one of many, as JSON: one line, or indented for people."""
        sys.stdout.write(json_text(value, indent=indent) + "\n")

    def remark(self, key: str, /, **values: object) -> None:
        """A remark on what is being done; `--quiet` silences it."""
        if not self.quiet:
            self.say(self.words(key, **fit(values)))

    def say(self, line: str = "", colour: Colour | None = None) -> None:
        """A line to standard error."""
        sys.stdout.flush()  # so that the two streams keep their order on a terminal
        sys.stderr.write(_painted(line, colour, sys.stderr) + "\n")

    def error(self, told: Mapping[str, str], *, file: str = "") -> None:
        """What happened, why, what to do next, and the stable code."""
        if "help" in told:
            self.say(f"{told['help']}\n")
        name = f"{visible(file)}: " if file else ""
        self.say(f"glejt: {name}{told['message']}", "red")
        if "details" in told:
            place = f" ({self.words('label.place')}: {told['path']})" if "path" in told else ""
            self.say(f"  {self.words('label.details')}: {told['details']}{place}")
        self.say(f"  {self.words('label.next')}: {told['remedy']}")
        self.say(f"  {self.words('label.code')}: {told['code']}", "grey")


def visible(value: object) -> str:
    """A value as it may stand in a line of text: one line, bounded, unable to disturb the words around it."""
    return fit_for_phrase(str(value))


def fit(values: Mapping[str, object]) -> dict[str, str]:
    """The values for a text's places, each made visible."""
    return {name: visible(value) for name, value in values.items()}


def json_text(value: object, *, indent: int | None = None) -> str:
    """A value as JSON; characters that a terminal would obey are escaped, which JSON reads back as they were."""
    separators = (",", ":") if indent is None else None
    return escaped(json.dumps(value, ensure_ascii=_narrow(sys.stdout), separators=separators, indent=indent))


def escaped(text: str) -> str:
    """JSON text, its characters that a terminal would obey escaped as JSON allows."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in text)


def widen() -> None:
    """Let a stream that cannot write every character escape it, rather than fail."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper) and _narrow(stream):
            stream.reconfigure(errors="backslashreplace")


def _narrow(stream: TextIO) -> bool:
    return stream.encoding.lower().replace("-", "") not in {"utf8", "utf8sig"}


def _painted(line: str, colour: Colour | None, stream: TextIO) -> str:
    """The line in a colour, on a terminal whose owner has not declined colours. See https://no-color.org."""
    if colour is None or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" or not stream.isatty():
        return line
    return f"\x1b[{SGR[colour]}m{line}\x1b[0m"
