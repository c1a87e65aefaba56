"""What carries out a task, and how that may end."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from node.ports.errors import AbsentError, RuleError
from node.ports.key_store import KeyNotHeldError
from node.ports.outbox import Claimed, Task


@dataclass(frozen=True, slots=True)
class Later:
    """All went well so far, and this is left to be done."""

    task: Task


class HopelessError(Exception):
    """A task can never be done as things stand; trying again is for a person to decide."""

    def __init__(self, message: str, *, code: str, remedy: str) -> None:
        super().__init__(message)
        self.code = code
        self.remedy = remedy


HOPELESS: Final = (HopelessError, AbsentError, RuleError, KeyNotHeldError)
"""Errors that trying again does not mend."""

type Checkpoint = Callable[[str], None]
"""Called at each point that a crash has to be survived at."""


def unwatched(_: str) -> None:
    """Nobody watches."""


type Carry = Callable[[Claimed], Awaitable[Later | None]]
"""Does what a task says, so that twice is as good as once. Any error but those of HOPELESS has it tried again."""


def member(claimed: Claimed, name: str) -> str:
    """A text in the payload of a task; raises HopelessError for a task that nobody here has written."""
    value = claimed.task.payload.get(name)
    if not isinstance(value, str):
        raise HopelessError(
            f"the task has no {name}",
            code="work.payload",
            remedy="It was written by another version of the program: look at what it was for, and order that anew.",
        )
    return value


def told(error: Exception) -> str:
    """What is kept of an error beside a task: its code and its words, or no more than its kind if it is a fault."""
    code = getattr(error, "code", None)
    return f"{code}: {error}" if isinstance(code, str) else f"program.failed: {type(error).__name__}"
