"""What a process does with tables: it reads parts of them, and drafts and signs the rows of pages.

What it learned of a run, templates above all, it keeps for the next page of the same run: a few runs at a time.
"""

import hashlib
import pickle
import time
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import asdict
from typing import Final, Protocol

import orjson

from did_methods.did import parse_did_url
from did_methods.multikey import PrivateKey, PublicKey
from node.adapters.judging.securing import commitment_of_signed, place_of, scope_of, vct_of
from node.adapters.judging.table_protocol import AwardRows, NextPages, OpenWorkbook, ReadPart, TableJob
from node.credentials.compose import check_whole
from node.documents import JsonObject, JsonValue, UnsecuredDocument
from node.issuance.batch import Batch
from node.issuance.desk.csv_parts import PART_BYTES, Place, beginning, read_part
from node.issuance.desk.errors import TableError
from node.issuance.desk.rows import Drafting, page_of
from node.issuance.desk.signing_rows import Asked, Press, Trying, WaitingKey
from node.issuance.desk.workbooks import Workbook, opened_workbook
from node.issuance.disclosable import Disclosure
from node.issuance.privacy import PrivacyFinding, PrivacyLinter
from node.issuance.secure import Signing, SigningProfile
from node.issuance.selective_token import claims_of, secure_as_sd_jwt
from node.issuance.token import secure_as_token
from node.ports.judging import Form
from node.ports.tables import Doing, Intended, Rows, RowsOrder, Wish
from node.verification.trust import Trust
from node.verification.vocabulary import vocabulary

MAX_KEPT: Final = 4
"""Runs of which something is remembered."""
PAGES_SECONDS: Final = 0.8
"""Of one answer about a workbook."""


class Pool(Protocol):
    """Whom a process asks while it holds a task."""

    def ask(self, message: JsonObject) -> bytes:
        """What is answered."""


class Tables:
    """The tables and runs of one process."""

    def __init__(self, pool: Pool, trust: Trust) -> None:
        self._pool, self._trust = pool, trust
        self._presses: dict[bytes, _Kept] = {}
        self._workbook: Workbook | None = None

    def do(self, job: TableJob) -> JsonObject:
        """What comes of a job."""
        match job:
            case ReadPart():
                return _part(job)
            case OpenWorkbook(data):
                self._workbook = opened_workbook(data)
                return {"headings": list(self._workbook.headings)}
            case NextPages():
                return self._pages()
            case AwardRows():
                return self._awarded(job)
            case _:
                raise TypeError(type(job).__name__)

    def _pages(self) -> JsonObject:
        if self._workbook is None:
            raise TableError(
                "the workbook took too long, or too much memory", code="table.time", remedy="Save the sheet as CSV."
            )
        pages, size, end = list[JsonValue](), 0, time.monotonic() + PAGES_SECONDS
        while time.monotonic() < end and size < PART_BYTES:
            page = self._workbook.page()
            if not page:
                self._workbook = None
                return {"pages": pages, "end": True}
            content = page_of(page).decode()
            size += len(content)
            pages.append([len(page), content])
        return {"pages": pages, "end": False}

    def _awarded(self, job: AwardRows) -> JsonObject:
        order = job.order
        name = hashlib.sha256(pickle.dumps((order, job.key))).digest()
        kept = self._presses.pop(name, None) or self._press(order, PublicKey.from_multibase(job.key))
        self._presses[name] = kept  # the one that was used last stands at the end
        while len(self._presses) > MAX_KEPT:
            del self._presses[next(iter(self._presses))]
        line = kept.line or Asking(self._pool, order.signing.verification_method)
        made = kept.press.award(order, job.content, job.skip, line)
        return _told(made, bodies=order.doing is Doing.SIGN)

    def _press(self, order: RowsOrder, public: PublicKey) -> "_Kept":
        line: Trying | None = None
        if order.doing is Doing.TRY:
            private = PrivateKey.generate(public.type)
            public = private.public
            line = Trying(private, order.purposes, token=order.signing.vct is not None)
        return _Kept(_press_of(order, public, self._trust), line)


class _Kept:
    """What is kept of a run."""

    def __init__(self, press: Press, line: Trying | None) -> None:
        self.press, self.line = press, line


class Asking:
    """A Line to the pool."""

    def __init__(self, pool: Pool, method: str) -> None:
        self._pool, self._method = pool, method

    def intend(self, wishes: Sequence[Wish]) -> list[Intended | None]:
        """Have these intended."""
        if not wishes:
            return []
        asked: list[JsonValue] = [[one.row, one.key, one.name, one.email, one.ends] for one in wishes]
        told = orjson.loads(self._pool.ask({"wishes": asked}))
        return [None if one is None else _intended(one) for one in told]

    def sign(self, asked: Sequence[Asked]) -> list[bytes]:
        """The signatures."""
        parts: list[JsonValue] = [
            _text(one.data) if one.messages is None else [_text(one.data), *map(_text, one.messages)] for one in asked
        ]
        told = orjson.loads(self._pool.ask({"method": self._method, "many": parts}))
        return [b64decode(one) for one in told]


def _press_of(order: RowsOrder, public: PublicKey, trust: Trust) -> Press:
    """What signs the rows of a run: by templates where the form has any, else one by one."""
    signing_order = order.signing
    method = signing_order.verification_method
    disclosure = Disclosure(signing_order.mandatory, signing_order.awarded_date, scope_of(signing_order))
    profile = SigningProfile(
        str(parse_did_url(method).did), method, signing_order.cryptosuite, signing_order.proof_array, disclosure
    )
    signing = Signing(profile, WaitingKey(method, public), trust)
    linter = PrivacyLinter(signing_order.cryptosuite, disclosure, vocabulary(trust.contexts).jsonld)
    found: dict[PrivacyFinding, None] = {}

    def anchored(document: JsonObject, body: bytes) -> bytes:
        return commitment_of_signed(document, body, signing_order, public, trust=trust, at=order.created)

    def admit(document: JsonObject) -> None:
        # The schema of Open Badges knows one place in one list; a profile may give more, as when it issues one by one.
        check_whole({name: value for name, value in document.items() if name != "credentialStatus"})
        if signing_order.form is not Form.SD_JWT:
            found.update(dict.fromkeys(linter.look(document)))

    if signing_order.form is Form.PROOF:
        batch = Batch(
            signing, created=order.created, admit=admit, commitment=anchored if signing_order.anchored else None
        )

        async def prove(document: UnsecuredDocument, _intent: Intended) -> tuple[bytes, bytes | None]:
            return await batch.issue_anchorable(document)

        return Press(Drafting(order), prove, batch.finish, found)

    async def sign(document: UnsecuredDocument, intent: Intended) -> tuple[bytes, bytes | None]:
        admit(document)
        if signing_order.form is Form.JWT:
            body = (await secure_as_token(document, signing, created=order.created)).encode()
        else:
            vct, place = vct_of(signing_order), place_of(intent.token_status)
            with_claims = claims_of(document, disclosure, created=order.created, vct=vct, status=place)
            found.update(dict.fromkeys(linter.look_at_claims(with_claims.claims, with_claims.choosable)))
            token = await secure_as_sd_jwt(document, signing, created=order.created, vct=vct, status=place)
            body = token.text.encode()
        return body, anchored(document, body) if signing_order.anchored else None

    return Press(Drafting(order), sign, _nothing_left, found)


def _nothing_left() -> None:
    """Each token was verified as it was made."""


def _part(job: ReadPart) -> JsonObject:
    place = beginning(job.encoding) if job.place is None else _place(job.place)
    part = read_part(job.data, place, last=job.last)
    return {
        "pages": [[len(page), page_of(page).decode()] for page in part.pages],
        "consumed": part.consumed,
        "place": {**asdict(part.place), "kept": list(part.place.kept)},
        "headings": list(part.headings),
    }


def _place(told: object) -> Place:
    match told:
        case {
            "codec": str(codec),
            "delimiter": str(delimiter),
            "width": int(width),
            "kept": list(kept),
            "number": int(number),
        }:
            return Place(codec, delimiter, width, tuple([one for one in kept if isinstance(one, int)]), number)
        case _:
            raise TypeError("a place is as it was told")


def _intended(told: JsonValue) -> Intended:
    match told:
        case [str(award), str(credential), list(status), place]:
            entries = tuple([one for one in status if isinstance(one, dict)])
            match place:
                case [str(url), int(index)]:
                    return Intended(award, credential, entries, (url, index))
                case _:
                    return Intended(award, credential, entries)
        case _:
            raise TypeError("an intent is as it was told")


def _told(rows: Rows, *, bodies: bool) -> JsonObject:
    return {
        "signed": [
            [one.row, one.body.decode() if bodies else "", None if one.commitment is None else one.commitment.hex()]
            for one in rows.signed
        ],
        "wishes": [[one.row, one.key, one.name, one.email, one.ends, one.award] for one in rows.wishes],
        "refused": [[one.row, list(one.cells), [list(problem) for problem in one.problems]] for one in rows.refused],
        "remarks": [list(one) for one in rows.remarks],
        "left": rows.left,
    }


def _text(data: bytes) -> str:
    return b64encode(data).decode("ascii")
