"""What makes one run of `glejt issue --node` the same as the one before that was cut off: a seed and a time, in a file.

From the seed come, for each row by what stands in it, the credential's id, its salts and the name of the request. So
whoever repeats a run sends the same requests, which the node answers with the same credentials. The file is there
before anything is sent. Nothing in it says what was issued; with it, ids could be guessed from what stands in a row, so
it is for its owner alone.
"""

import base64
import hashlib
import hmac
import json
import secrets
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Self
from uuid import UUID

from node.adapters.node_client import NodeClientError
from node.adapters.secret_file import read_secret_file, write_secret_file
from node.credentials.draft import Fresh
from node.credentials.errors import TimestampError
from node.credentials.identity import SALT_BYTES
from node.credentials.timestamps import format_timestamp, parse_timestamp
from node.documents import JsonObject, JsonValue

SUFFIX: Final = ".run"
"""What is put behind the name of the result for the file of its run."""
KIND: Final = "glejt/remote-run/v1"
SEED_BYTES: Final = 32
_TAG: Final = b"glejt/remote-run/row/v1"


@dataclass(frozen=True, slots=True)
class Run:
    """One run, also when it is repeated."""

    seed: bytes = field(repr=False)
    at: datetime
    resumed: bool = False
    _seen: Counter[bytes] = field(default_factory=Counter)

    @classmethod
    def new(cls) -> Self:
        """One that nobody will repeat."""
        return cls(secrets.token_bytes(SEED_BYTES), datetime.now(UTC).replace(microsecond=0))

    @classmethod
    def beside(cls, result: Path | None, asked: JsonValue) -> Self:
        """The run whose result goes there: the one that was begun, for the same that is asked now, or a new one."""
        if result is None:
            return cls.new()
        path, digest = path_beside(result), _digest(asked).hex()
        if path.exists():
            return cls._read(path, digest)
        run = cls.new()
        seed = base64.urlsafe_b64encode(run.seed).decode("ascii")
        told = {"kind": KIND, "asked": digest, "at": format_timestamp(run.at), "seed": seed}
        write_secret_file(path, f"{json.dumps(told, indent=2)}\n".encode("ascii"))
        return run

    @classmethod
    def _read(cls, path: Path, digest: str) -> Self:
        told, _ = read_secret_file(path)
        try:
            seed, at = base64.urlsafe_b64decode(str(told["seed"])), parse_timestamp(str(told["at"]))
            sound = told["kind"] == KIND and len(seed) == SEED_BYTES
        except (KeyError, ValueError, TimestampError):
            sound = False
        if not sound:
            raise NodeClientError(
                f"{path} is not the file of a run",
                code="remote.run",
                remedy="Name another file with --out. What a run has issued whose file is lost would be issued twice.",
            )
        if told.get("asked") != digest:
            raise NodeClientError(
                f"{path} is of a run with other files, another profile or another node",
                code="remote.other_run",
                remedy="Repeat the run with what it was begun with, or name another file with --out.",
            )
        return cls(seed, at, resumed=True)

    def of(self, content: JsonValue) -> "Own":
        """What belongs to one credential, by what it is made of; of several that are made of the same, to the next."""
        digest = _digest(content)
        self._seen[digest[:16]] += 1
        return Own(hmac.digest(self.seed, _TAG + digest + self._seen[digest[:16]].to_bytes(8), "sha256"))


@dataclass(slots=True)
class Own:
    """Whatever one credential has that nothing else has."""

    secret: bytes = field(repr=False)
    _drawn: int = 0

    @property
    def request(self) -> str:
        """The name of the request for it."""
        return base64.urlsafe_b64encode(hmac.digest(self.secret, b"request", "sha256")).decode("ascii").rstrip("=")

    def fresh(self, issuer: str, at: datetime) -> Fresh:
        """What is new each time, and the same when it is asked for again."""
        return Fresh(issuer, at, self._id, self._salt)

    def _id(self) -> str:
        return UUID(bytes=self._draw(b"id")[:16], version=4).urn

    def _salt(self) -> str:
        return base64.urlsafe_b64encode(self._draw(b"salt")[:SALT_BYTES]).decode("ascii").rstrip("=")

    def _draw(self, what: bytes) -> bytes:
        self._drawn += 1
        return hmac.digest(self.secret, what + self._drawn.to_bytes(8), "sha256")


def path_beside(result: Path) -> Path:
    """Where the file of a run lies."""
    return result.with_name(result.name + SUFFIX)


def request_of(*parts: bytes) -> str:
    """The name of a request for something that is finished: the same for the same bytes."""
    digest = hashlib.sha256(_TAG)
    for part in parts:
        digest.update(len(part).to_bytes(8) + part)
    return base64.urlsafe_b64encode(digest.digest()).decode("ascii").rstrip("=")


def content_of(headings: Sequence[str], cells: Sequence[str]) -> JsonObject:
    """What stands in a row, whatever the order of its columns."""
    return {heading: cell for heading, cell in sorted(zip(headings, cells, strict=True)) if cell.strip()}


def _digest(content: JsonValue) -> bytes:
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode("ascii")).digest()
