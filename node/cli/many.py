"""Many files in one run: which they are, worked on side by side, answered in order, and how far it got."""

import asyncio
import glob
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from node.cli.files import STDIN
from node.cli.output import Output
from node.documents import MAX_PRESENTATION_BYTES

READ_FROM_FOLDERS: Final = frozenset({".json", ".jsonl", ".jsonld", ".jwt", ".jws", ".png", ".svg", ".pdf", ".capsule"})
"""Names of files that are taken from a folder; any file can be named by itself."""
MAX_LINE_BYTES: Final = MAX_PRESENTATION_BYTES + 2
"""What is read of one line: the most that a document may have, and what shows that it has more."""
LINES: Final = ".jsonl"
"""How the name of a file ends that has a document in each line, as `glejt issue --csv` writes it."""
PATTERN: Final = frozenset("*?[")
PROGRESS_SECONDS: Final = 5.0
"""How often a long run says that it is still under way."""
MANY: Final = 32
"""From so many files on it pays to start processes, and to count at the end."""


@dataclass(frozen=True, slots=True)
class Handed:
    """One thing to be judged: a file, by its name, or a line of one, which has been read."""

    name: str
    line: bytes | None = None


def each_document(names: Iterable[str]) -> Iterator[Handed]:
    """What lies in the files that the names stand for, in order; of a file with a document in each line, the lines."""
    for name in each_file(names):
        if name.lower().endswith(LINES):
            yield from _lines(name)
        else:
            yield Handed(name)


def _lines(name: str) -> Iterator[Handed]:
    """Each line that is not blank, named by its number; of one that is too long, enough for its reader to say so.

    A file that cannot be read, or has no such line, stands for itself: reading it says why.
    """
    number = found = 0
    try:
        with Path(name).open("rb") as file:
            while line := file.readline(MAX_LINE_BYTES):
                number += 1
                if line.strip():
                    found += 1
                    yield Handed(f"{name}:{number}", line.strip())
                while len(line) == MAX_LINE_BYTES and not line.endswith(b"\n"):
                    line = file.readline(MAX_LINE_BYTES)
    except (OSError, ValueError):
        yield Handed(name)
    else:
        if not found:
            yield Handed(name)


def each_file(names: Iterable[str]) -> Iterator[str]:
    """The files that the names stand for, in order.

    A folder stands for the files in it that may carry a document, at any depth, by their names; hidden ones are left
    out, links to folders are not followed, and a pipe or a device, which might never end, is no file. Where no shell
    did it, a pattern is what matches it.
    """
    for name in names:
        path = Path(name)
        if name != STDIN and is_folder(path):
            yield from _inside(path) or (name,)
        elif PATTERN.isdisjoint(name) or _exists(path):
            yield name
        else:
            yield from sorted(glob.glob(name, recursive=True)) or (name,)  # noqa: PTH207 -- as typed, absolute or not


def _inside(folder: Path) -> list[str]:
    return sorted(
        str(root / file)
        for root, _, files in folder.walk()
        if not any(part.startswith(".") for part in root.relative_to(folder).parts)
        for file in files
        if not file.startswith(".") and Path(file).suffix.lower() in READ_FROM_FOLDERS and (root / file).is_file()
    )


def is_folder(path: Path) -> bool:
    """Whether there is a folder of that name."""
    try:
        return path.is_dir()
    except (OSError, ValueError):  # a name that no file system takes: reading it says so
        return False


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


async def in_order[K, T](
    names: Iterator[K], work: Callable[[K], Coroutine[None, None, T]], width: int
) -> AsyncIterator[tuple[K, T]]:
    """What becomes of each, in order; up to `width` are under way, and no more than that are held."""
    under_way: deque[tuple[K, asyncio.Task[T]]] = deque()
    try:
        for name in names:
            under_way.append((name, asyncio.create_task(work(name))))
            if len(under_way) >= width:
                first, task = under_way.popleft()
                yield first, await task
        while under_way:
            first, task = under_way.popleft()
            yield first, await task
    finally:
        for _, task in under_way:
            task.cancel()


class Progress:
    """How far a run got: said now and then while it lasts, and at the end where there was much to do."""

    def __init__(self, out: Output, clock: Callable[[], float] = time.monotonic) -> None:
        self._out = out
        self._clock = clock
        self._said = clock()
        self._ended: Counter[int] = Counter()

    def step(self, status: int) -> None:
        """One more file, and the status of its answer."""
        self._ended[status] += 1
        if self._clock() - self._said >= PROGRESS_SECONDS:
            self._said = self._clock()
            self._out.remark("remark.checking", count=self._ended.total())

    def end(self) -> None:
        """The whole run."""
        if self._ended.total() >= MANY:
            self._out.remark(
                "remark.checked",
                count=self._ended.total(),
                accepted=self._ended[0],
                rejected=self._ended[1],
                unknown=self._ended[20],
                unread=self._ended[2],
            )
