"""Where the words go: answers to standard output, remarks and errors to standard error, and nothing else anywhere.

Text that comes from a document is shown so that it can neither move the cursor, nor start a line of its own, nor
reorder the words around it.
"""

import json
import os
import sys
import unicodedata
from dataclasses import dataclass
from typing import Literal, TextIO

from node.cli.words import Words

type Colour = Literal["green", "amber", "red", "grey", "bold"]

SGR: dict[Colour, str] = {"green": "32", "amber": "33", "red": "31", "grey": "90", "bold": "1"}
JOINERS = "\u200c\u200d"  # needed to spell words of several scripts; they reorder nothing
ISOLATE, END_ISOLATE = "\u2068", "\u2069"
MAX_SHOWN = 1000  # characters of one piece of text: more would bury the answer


@dataclass(frozen=True, slots=True)
class Output:
    """The two streams of one run."""

    words: Words
    quiet: bool = False

    def answer(self, line: str = "", colour: Colour | None = None) -> None:
        """One line of the answer; what stands in it must have gone through `visible`."""
        sys.stdout.write(_painted(line, colour, sys.stdout) + "\n")

    def answer_json(self, value: object) -> None:
        """The answer, or one of many, as one line of JSON."""
        sys.stdout.write(json_line(value) + "\n")

    def remark(self, key: str, /, **values: object) -> None:
        """A remark on what is being done; `--quiet` silences it."""
        if not self.quiet:
            self.say(self.words(key, **shown(values)))

    def say(self, line: str = "", colour: Colour | None = None) -> None:
        """A line to standard error."""
        sys.stdout.flush()  # so that the two streams keep their order on a terminal
        sys.stderr.write(_painted(line, colour, sys.stderr) + "\n")

    def error(self, told: dict[str, str]) -> None:
        """What happened, why, what to do next, and the stable code."""
        name = f"{told['file']}: " if "file" in told else ""
        self.say(f"glejt: {name}{told['message']}", "red")
        if "details" in told:
            self.say(f"  {self.words('label.details')}: {told['details']}")
        self.say(f"  {self.words('label.next')}: {told['remedy']}")
        self.say(f"  {self.words('label.code')}: {told['code']}", "grey")


def visible(value: object) -> str:
    """A value as it may stand in a line: bounded, with nothing that controls or reorders, right-to-left isolated."""
    text = " ".join(str(value).split())
    if len(text) > MAX_SHOWN:
        text = text[: MAX_SHOWN - 1] + "…"
    if text.isascii() and text.isprintable():
        return text
    text = "".join(c if c.isprintable() or c in JOINERS else _escaped(c) for c in text)
    if any(unicodedata.bidirectional(c) in {"R", "AL"} for c in text):
        return f"{ISOLATE}{text}{END_ISOLATE}"
    return text


def shown(values: dict[str, object]) -> dict[str, str]:
    """The values for a text's places, each made visible."""
    return {name: visible(value) for name, value in values.items()}


def json_line(value: object) -> str:
    """One line of JSON; characters that a terminal would obey are escaped, which JSON reads back as they were."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text if text.isprintable() else "".join(c if c.isprintable() else _escaped(c) for c in text)


def _escaped(character: str) -> str:
    """The character in JSON's notation."""
    return json.dumps(character)[1:-1] if ord(character) != 0x7F else "\\u007f"  # noqa: PLR2004 -- DEL, which JSON leaves


def _painted(line: str, colour: Colour | None, stream: TextIO) -> str:
    """The line in a colour, on a terminal whose owner has not declined colours. See https://no-color.org."""
    if colour is None or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" or not stream.isatty():
        return line
    return f"\x1b[{SGR[colour]}m{line}\x1b[0m"
