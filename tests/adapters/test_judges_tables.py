"""Tables before processes that read and sign: real ones, and one that was overcome by what it read."""

import asyncio
from base64 import b64encode
from dataclasses import replace

import openpyxl
import orjson
import pytest
import run_support as support
from award_support import achievement_file

from did_methods import key as did_key
from did_methods.multikey import KeyType, PrivateKey
from node.adapters.held_keys import HeldKeys
from node.adapters.judging.tables import TableJudging
from node.issuance.desk.rows import page_of
from node.ports.judging import InputRefusedError, JudgeFailedError, SigningOrder
from node.ports.tables import Doing, Intended, RowsOrder

PRIVATE = PrivateKey.generate(KeyType.ED25519)
DID, METHOD = str(did_key.create(PRIVATE.public)), did_key.method_id(PRIVATE.public)
KEYS = HeldKeys({METHOD: PRIVATE})
AT = support.now().replace(microsecond=0)
ORDER = RowsOrder(
    run="run",
    doing=Doing.SIGN,
    achievement=orjson.dumps(achievement_file()),
    issuer=DID,
    headings=support.HEADINGS,
    signing=SigningOrder(METHOD, support.USUAL),
    at=AT,
    created=AT,
)
PAGE = page_of([(number + 2, row) for number, row in enumerate(support.learners(3))])


async def intend(wishes):
    return [Intended(f"award-{wish.row}", f"urn:uuid:0fc754bc-0000-4000-8000-{wish.row:012}") for wish in wishes]


class Overcome:
    """A pool whose process asks what it likes, and answers what it likes."""

    def __init__(self, asks, answer=None):
        self.asks, self.answer, self.got = asks, answer, []

    def left(self):
        return None

    async def run(self, _task, *, sign, left):  # noqa: ARG002 -- as a pool has them
        for asked in self.asks:
            self.got.append(await sign(asked))
        return self.answer or {"signed": [], "wishes": [], "refused": [], "remarks": [], "left": False}


WISHES = {"wishes": [[2, "a", "", "", None], [3, "b", "", "", "2026-06-30T00:00:00Z"]]}


def many(count, method=METHOD):
    return {"method": method, "many": [b64encode(b"x").decode()] * count}


async def _refused(asks):
    with pytest.raises(JudgeFailedError):
        await TableJudging(Overcome(asks), support.now).award(ORDER, PAGE, frozenset(), KEYS, intend)


@pytest.mark.threat(95)
@pytest.mark.parametrize(
    "asks",
    [
        [many(1)],
        [WISHES, many(3)],
        [WISHES, many(2), many(1)],
        [WISHES, many(1, "did:example:other#key")],
        [WISHES, WISHES],
        [WISHES, {"method": METHOD, "data": ""}],
        [{"wishes": [["2", "a", "", "", None]]}],
        [{"wishes": [[2, "a", "", "", 2026]]}],
        [WISHES, {"method": METHOD, "many": [{}]}],
    ],
    ids=["first", "too-many", "once-more", "other-key", "twice", "alone", "no-row", "no-end", "nothing"],
)
def test_a_process_gets_as_many_signatures_as_there_are_intents_and_no_other(asks):
    asyncio.run(_refused(asks))


@pytest.mark.threat(95)
def test_nothing_counts_as_signed_that_was_not_intended():
    answer = {"signed": [[9, "{}", None]], "wishes": [], "refused": [], "remarks": [], "left": False}

    async def work():
        with pytest.raises(JudgeFailedError):
            await TableJudging(Overcome([WISHES], answer), support.now).award(ORDER, PAGE, frozenset(), KEYS, intend)

    asyncio.run(work())


def test_what_keeps_an_intent_back_is_what_the_caller_hears():
    async def refuse(_wishes):
        raise LookupError("no")

    async def work():
        pool = Overcome([WISHES])
        with pytest.raises(LookupError):
            await TableJudging(pool, support.now).award(ORDER, PAGE, frozenset(), KEYS, refuse)
        assert pool.got == [b""]  # the process ends its task, and stays

    asyncio.run(work())


def test_real_processes_read_tables_and_workbooks_and_sign_rows(tmp_path):
    book = openpyxl.Workbook()
    for row in [support.HEADINGS, *support.learners(3)]:
        book.active.append(row)
    book.save(tmp_path / "table.xlsx")
    data = (tmp_path / "table.xlsx").read_bytes()

    async def work():
        async with support.signers() as tables:
            part = await tables.part(support.table(support.learners(3)), None, encoding="utf-8", last=True)
            assert part.headings == support.HEADINGS
            assert part.pages == ((3, PAGE),)
            async with tables.workbook(data) as parts:
                found = [one async for one in parts]
            assert found[0].headings == support.HEADINGS
            assert [page for one in found for page in one.pages] == [(3, PAGE)]
            with pytest.raises(InputRefusedError) as refused:
                await tables.part(b"name\r\n\xff", None, encoding="utf-8", last=True)
            assert refused.value.code == "table.encoding"
            with pytest.raises(InputRefusedError):
                async with tables.workbook(b"PK\x03\x04"):
                    pass
            pids = tables.signers.pids
            made = await tables.award(ORDER, PAGE, frozenset({2}), KEYS, intend)
            assert [one.row for one in made.signed] == [3, 4]
            tried = await tables.award(replace(ORDER, doing=Doing.TRY), PAGE, frozenset(), KEYS, intend)
            assert ([one.row for one in tried.signed], {one.body for one in tried.signed}) == ([2, 3, 4], {b""})
            assert tables.signers.pids == pids  # nobody had to be replaced

    asyncio.run(work())
