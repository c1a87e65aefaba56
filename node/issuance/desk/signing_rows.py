"""A page of a table signed, where foreign input is read: all of it but the intents and the signatures, asked for.

1. Every row is made a draft; what is wrong with one is told of that row.
2. What is to be awarded is asked for at once; what comes back says which of it is to be signed, and where each has its
   places. Nothing is signed that was not intended before.
3. Documents are signed in waves: the hashes of one wave go to the key together. The first waves are small, so that
   templates are learned of few documents and used for all the others.
4. When the time or the room of one answer is used up, the rest is left for another call.
"""

import time
from collections.abc import Callable, Coroutine, Generator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from types import coroutine
from typing import Any, Final, Protocol

from did_methods.multikey import PrivateKey, PublicKey
from node.credentials.compose import check_whole
from node.credentials.errors import CredentialsError
from node.documents import JsonObject, UnsecuredDocument
from node.issuance.award_batch import RowError
from node.issuance.desk.rows import Draft, Drafting, refused, rows_of
from node.issuance.errors import IssuanceError, TemplateError
from node.issuance.privacy import PrivacyFinding
from node.ports import KeyNotHeldError
from node.ports.tables import Doing, Intended, RefusedRow, Rows, RowsOrder, SignedRow, Wish
from node.proofs.errors import ProofsError
from node.proofs.signatures import local_signer

MAX_WAVE: Final = 128
"""Documents that are hashed before the key is asked: their hashes make one message."""
SECONDS: Final = 0.6
"""Of one call, without waiting: half of what a process is given for a task, and a part of that for its end."""
MAX_ANSWER_BYTES: Final = 3 * 1024 * 1024
"""Of what was signed in one call; it goes through a pipe as text."""
_REFUSALS: Final = (CredentialsError, IssuanceError, ProofsError)


@dataclass(frozen=True, slots=True)
class Asked:
    """A signature that a document waits for: of some data, or of messages by BBS."""

    data: bytes
    messages: tuple[bytes, ...] | None = None


class Line(Protocol):
    """The way to whoever keeps the intents and the key."""

    def intend(self, wishes: Sequence[Wish]) -> Sequence[Intended | None]:
        """Have these intended."""

    def sign(self, asked: Sequence[Asked]) -> Sequence[bytes]:
        """The signatures."""


@coroutine
def _waited(asked: Asked) -> Generator[Asked, bytes, bytes]:
    return (yield asked)


@dataclass(frozen=True, slots=True)
class WaitingKey:
    """A KeyStore of one key: whoever signs with it stands still until signatures are brought for all of a wave."""

    method: str
    public: PublicKey

    def public_key(self, verification_method: str) -> PublicKey:
        """The public half."""
        if verification_method != self.method:
            raise KeyNotHeldError("this task has another key")
        return self.public

    async def sign(self, verification_method: str, data: bytes) -> bytes:
        """The signature, once the wave has it."""
        self.public_key(verification_method)
        return await _waited(Asked(data))

    async def sign_messages(self, verification_method: str, header: bytes, messages: Sequence[bytes]) -> bytes:
        """The BBS signature, likewise."""
        self.public_key(verification_method)
        return await _waited(Asked(header, tuple(messages)))


type Issue = Callable[[UnsecuredDocument, Intended], Coroutine[Any, Any, tuple[bytes, bytes | None]]]
"""Signs one document: what is handed out, and what is anchored of it."""


@dataclass(slots=True)
class Press:
    """Drafts and signs the pages of one run, in one process; what it learned of a page serves the next."""

    drafting: Drafting
    issue: Issue
    finish: Callable[[], None]
    found: dict[PrivacyFinding, None] = field(default_factory=dict)

    def award(self, order: RowsOrder, content: bytes, skip: frozenset[int], line: Line) -> Rows:
        """What comes of a page, but for the rows that are to be skipped; raises TemplateError to stop the run."""
        started = time.monotonic()
        drafts, wrong = self._drafts(content, skip)  # 1.
        if order.doing is Doing.OFFER:
            return self._offered(drafts, wrong)
        asked = time.monotonic()
        intended = line.intend([draft.wish for draft in drafts])  # 2.
        started += time.monotonic() - asked
        pairs = [(draft, intent) for draft, intent in zip(drafts, intended, strict=True) if intent is not None]
        signed, left = self._signed(pairs, wrong, line, started)  # 3.
        self.finish()
        wishes = tuple([draft.wish for draft in drafts]) if order.doing is Doing.TRY else ()
        remarks = tuple([(one.code, one.path) for one in self.found])
        return Rows(tuple(signed), wishes, tuple(wrong), remarks, left)

    def _drafts(self, content: bytes, skip: frozenset[int]) -> tuple[list[Draft], list[RefusedRow]]:
        drafts, wrong = list[Draft](), list[RefusedRow]()
        for row, cells in rows_of(content):
            if row in skip:
                continue
            try:
                drafts.append(self.drafting.draft(row, cells))
            except RowError as error:
                wrong.append(refused(row, cells, error))
        return drafts, wrong

    def _offered(self, drafts: Sequence[Draft], wrong: list[RefusedRow]) -> Rows:
        wishes = list[Wish]()
        for number, draft in enumerate(drafts):
            try:
                if not number:  # what makes the whole wrong is the same for all
                    check_whole(draft.document)
            except CredentialsError as error:
                wrong.append(refused(draft.wish.row, draft.cells, self.drafting.refusal(error, draft.award)))
            else:
                wishes.append(replace(draft.wish, award=draft.award))
        return Rows((), tuple(wishes), tuple(wrong))

    def _signed(
        self, pairs: Sequence[tuple[Draft, Intended]], wrong: list[RefusedRow], line: Line, started: float
    ) -> tuple[list[SignedRow], bool]:
        signed, size, first, wave = list[SignedRow](), 0, 0, 1
        while first < len(pairs):
            if first and (time.monotonic() - started > SECONDS or size > MAX_ANSWER_BYTES):  # 4.
                return signed, True
            some = pairs[first : first + wave]
            for (draft, _), made in zip(some, self._wave(some, line), strict=True):
                if isinstance(made, RowError):
                    wrong.append(refused(draft.wish.row, draft.cells, made))
                else:
                    signed.append(SignedRow(draft.wish.row, *made))
                    size += len(made[0])
            started += self._waited
            first, wave = first + wave, min(2 * wave, MAX_WAVE)
        return signed, False

    _waited: float = 0.0
    """For how long the last wave waited for signatures."""

    def _wave(self, pairs: Sequence[tuple[Draft, Intended]], line: Line) -> list[tuple[bytes, bytes | None] | RowError]:
        """Sign these together."""
        made: list[tuple[bytes, bytes | None] | RowError | None] = [None] * len(pairs)
        works = [self.issue(_whole(draft, intent), intent) for draft, intent in pairs]
        answers: dict[int, bytes | None] = dict.fromkeys(range(len(works)))
        self._waited = 0.0
        while answers:
            asked: dict[int, Asked] = {}
            for number, answer in answers.items():
                try:
                    asked[number] = works[number].send(answer)
                except StopIteration as end:
                    made[number] = end.value
                except TemplateError:
                    raise
                except _REFUSALS as error:
                    made[number] = self.drafting.refusal(error, pairs[number][0].award)
            before = time.monotonic()
            signatures = line.sign(list(asked.values())) if asked else ()
            self._waited += time.monotonic() - before
            answers = dict(zip(asked, signatures, strict=True))
        return [one for one in made if one is not None]


def _whole(draft: Draft, intent: Intended) -> UnsecuredDocument:
    """The document with what the intent says."""
    document: JsonObject = {**draft.document, "id": intent.credential}
    if intent.status:
        stated = document.get("credentialStatus", [])
        entries = [*(stated if isinstance(stated, list) else [stated]), *intent.status]
        document["credentialStatus"] = entries if len(entries) > 1 else entries[0]
    return UnsecuredDocument(document)


class Trying:
    """A Line to nobody: places and signatures that are as real ones would be, by a key that is thrown away."""

    def __init__(self, private: PrivateKey, purposes: Sequence[str], *, token: bool) -> None:
        self._signer = local_signer(private)
        self._private = private
        self._purposes, self._token = purposes, token
        self._numbers: Iterator[int] = iter(range(2**31))

    def intend(self, wishes: Sequence[Wish]) -> Sequence[Intended]:
        """A place for each, of a list that there is not."""
        return [self._intended(wish) for wish in wishes]

    def _intended(self, wish: Wish) -> Intended:
        from node.status.entry import StatusEntry  # noqa: PLC0415 -- as elsewhere, where few need it

        number = next(self._numbers) % 100_000
        url = "https://nobody.invalid/status"
        named = wish.key if ":" in wish.key and not wish.key.startswith("learner:") else f"urn:uuid:{number:032x}"
        if self._token and self._purposes:
            return Intended("", named, (), (url, number))
        return Intended(
            "", named, tuple([StatusEntry(f"{url}/{one}", number, one).to_json() for one in self._purposes])
        )

    def sign(self, asked: Sequence[Asked]) -> Sequence[bytes]:
        """Signatures by the key that is thrown away."""
        from node.proofs.bbs import signature as bbs_signature  # noqa: PLC0415 -- as above

        return [
            self._signer.sign(one.data)
            if one.messages is None
            else bbs_signature.sign(self._private, one.data, one.messages)
            for one in asked
        ]
