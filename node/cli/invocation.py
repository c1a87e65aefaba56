"""What one run of the program knows: its settings and where its words go."""

from dataclasses import dataclass
from pathlib import Path

from node.cli.output import Output
from node.cli.words import Words
from node.config import Settings


@dataclass(frozen=True, slots=True)
class Invocation:
    """Handed to every command."""

    settings: Settings
    out: Output

    @property
    def words(self) -> Words:
        """The catalogue of the run's language."""
        return self.out.words


def path_of(flag: str | None, setting: str | None) -> Path | None:
    """The path a flag names, else the one that is set; `~` is the home folder."""
    chosen = flag or setting
    return Path(chosen).expanduser() if chosen else None
