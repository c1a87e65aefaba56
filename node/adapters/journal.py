"""The folder in which everything lies that is written to one contract on one chain: calls, transactions, batches.

Several processes may work in it at once. Two locks keep them apart, and the system takes a lock back from whoever dies:
one process at a time orders something, so that the same is not ordered twice, and one at a time sends.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final, Self

from anchoring.checkpoint import Chain
from anchoring.errors import TransactionError
from anchoring.storage_proof import Contract
from node.adapters.anchor_batches import SqliteBatchStore
from node.adapters.transaction_store import SqliteTransactionStore

CALLS: Final = "calls.sqlite"
BATCHES: Final = "batches.sqlite"
_ORDERING, _SENDING = "ordering.lock", "sending.lock"
_OWNER_ONLY_FOLDER: Final = 0o700
_OWNER_ONLY: Final = 0o600


class Journal:
    """One folder, opened."""

    def __init__(self, folder: Path, chain: Chain, contract: Contract) -> None:
        """Raises TransactionError for a folder of another chain, and one that cannot be written to."""
        try:
            folder.mkdir(mode=_OWNER_ONLY_FOLDER, parents=True, exist_ok=True)
        except OSError as error:
            raise _unusable(folder, error) from error
        self.folder = folder
        self._open = ExitStack()
        self.calls = self._open.enter_context(SqliteTransactionStore(folder / CALLS, chain, contract))
        try:
            self.batches = self._open.enter_context(SqliteBatchStore(folder / BATCHES, chain, contract))
        except BaseException:
            self._open.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    @contextmanager
    def ordering(self) -> Iterator[None]:
        """Alone among all that order something; waits for the others, who take a moment."""
        with self._locked(_ORDERING, wait=True):
            yield

    @contextmanager
    def sending(self) -> Iterator[bool]:
        """Whether it is this process that sends; if not, another one does."""
        with self._locked(_SENDING, wait=False) as held:
            yield held

    @contextmanager
    def _locked(self, name: str, *, wait: bool) -> Iterator[bool]:
        try:
            handle = os.open(self.folder / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _OWNER_ONLY)
        except OSError as error:
            raise _unusable(self.folder, error) from error
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
                held = True
            except BlockingIOError:
                held = False
            yield held
        finally:
            os.close(handle)


def _unusable(folder: Path, error: OSError) -> TransactionError:
    return TransactionError(
        f"{folder} cannot be used: {error.strerror}",
        code="transaction.store",
        remedy="Give a folder that you may write to with --journal.",
    )
