"""What strangers send, and processes that were overcome by it, cost nobody else anything but a moment."""

import asyncio
import base64
import gzip
import json
import os
import resource
import time
import zlib
from contextlib import suppress

import pytest
from judges_support import Shared, judging, liar, question, raw
from samples import signed
from status_support import LIST, Web, entry, pointing, status_list, subject_of
from verification_support import ISSUER

from node.adapters.judging import judge as judge_module
from node.adapters.judging import process as process_module
from node.documents import DocumentError
from node.ports.judging import (
    InputRefusedError,
    JudgeFailedError,
    JudgeMemoryError,
    JudgesBusyError,
    JudgeTimeoutError,
)

LONG = os.environ.get("GLEJT_LONG") == "1"
shared = Shared()
GENUINE = raw(signed())


@pytest.fixture(autouse=True, scope="module")
def _ended():
    yield
    shared.close()


def examined(document, web=None, **members):
    async def story():
        async with shared.over(web or Web({})) as service:
            begun = time.monotonic()
            try:
                return await service.examine(document, question(**members)), time.monotonic() - begun
            except (DocumentError, InputRefusedError) as error:
                return error, time.monotonic() - begun

    return shared.run(story())


def clique(size):
    spoilt = json.loads(GENUINE)
    spoilt["credentialSubject"]["achievement"]["related"] = [
        {"id": f"_:b{one}", "type": ["Achievement"], "related": [{"id": f"_:b{n}"} for n in range(size) if n != one]}
        for one in range(size)
    ]
    return raw(spoilt)


@pytest.mark.threat(11)
@pytest.mark.parametrize("size", [4, 8, 12])
def test_poisonous_graphs_are_answered_within_their_budget(size):
    answer, took = examined(clique(size))
    assert answer.verdict != "accepted"
    assert took < 5


@pytest.mark.threat(12)
@pytest.mark.parametrize(
    "document",
    [
        b"[" * 100_000,
        b'{"a":' * 5000 + b"1" + b"}" * 5000,
        b'{"a": ' + b"1" * 100_000 + b"}",
        b'{"a": 1, "a": 2}',
        b"\xff\xfe",
        b"",
        b"\x00" * 1000,
        b"[" + b"[]," * 300_000 + b"[]]",
        b'"' + b"\\u0000" * 150_000 + b'"',
    ],
    ids=["deep", "deep objects", "number", "twice", "encoding", "empty", "zeros", "wide", "escapes"],
)
def test_bytes_that_only_cost_are_refused_quickly(document):
    answer, took = examined(document)
    assert isinstance(answer, DocumentError) or answer.verdict != "accepted"
    assert took < 3


@pytest.mark.threat(12)
def test_a_ladder_of_sizes_ends_in_a_refusal_and_the_process_does_not_grow_with_it():
    async def story():
        async with shared.over(Web({})) as service:
            answers = []
            for power in range(10, 23):
                document = raw({**json.loads(GENUINE), "name": "x" * 2**power})
                try:
                    answers.append((await service.examine(document, question())).verdict)
                except DocumentError as error:
                    answers.append(error.code)
            return answers, len(service.readers.pids)

    answers, pids = shared.run(story())
    assert answers[0] == "rejected"
    assert answers[-1] == "document.too_large"
    assert pids == 1


@pytest.mark.threat(63)
@pytest.mark.parametrize("length", [10**3, 10**4, 10**5, 10**6])
def test_base58_costs_no_more_than_its_length(length):
    spoilt = json.loads(GENUINE)
    spoilt["proof"]["proofValue"] = "z" + "2" * length
    answer, took = examined(raw(spoilt))
    assert isinstance(answer, DocumentError) or answer.verdict != "accepted"
    assert took < 1

    async def story():
        async with shared.over(Web({})) as service:
            begun = time.monotonic()
            problem = (await service.resolve("did:key:z" + "2" * length)).problem
            return problem, time.monotonic() - begun

    problem, took = shared.run(story())
    assert problem.rpartition("#")[2] in {"INVALID_DID", "UNSUPPORTED_PUBLIC_KEY_TYPE"}
    assert took < 0.5


def bomb(size):
    return "u" + base64.urlsafe_b64encode(gzip.compress(bytes(size), 9)).decode().rstrip("=")


@pytest.mark.threat(50)
def test_a_list_that_unpacks_to_much_is_not_unpacked():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    good = status_list()
    subject = subject_of(good, encodedList=bomb(256 * 2**20))
    spoilt = ISSUER.sign({**{n: v for n, v in good.items() if n != "proof"}, "credentialSubject": subject})
    answer, took = examined(raw(pointing(entry())), Web({LIST: spoilt}))
    assert answer.verdict == "cannot_tell"
    assert took < 3
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 8 * 1024


@pytest.mark.threat(50)
def test_a_picture_that_unpacks_to_much_is_refused():
    def chunk(kind, data):
        return len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)

    header = (1).to_bytes(4) * 2 + bytes([8, 2, 0, 0, 0])
    text = b"openbadgecredential\x00\x01\x00\x00\x00" + zlib.compress(bytes(256 * 2**20), 9)
    data = chunk(b"IDAT", zlib.compress(b"\x00\x00\x00\x00"))
    image = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"iTXt", text) + data + chunk(b"IEND", b"")

    async def story():
        async with shared.over(Web({})) as service:
            with pytest.raises(InputRefusedError) as refused:
                await service.picture(image)
            with pytest.raises(InputRefusedError):
                await service.examine(image, question())
            plain = image.replace(chunk(b"iTXt", text), b"")
            return refused.value.code, await service.picture(plain)

    code, facts = shared.run(story())
    assert code == "picture.too_large"
    assert (facts.media_type, facts.width, facts.height, facts.badge) == ("image/png", 1, 1, None)


@pytest.mark.parametrize(
    ("image", "code"),
    [
        (b'<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>', "picture.svg.active"),
        (b"GIF89a", "picture.format"),
        (b"<svg", "picture.svg.syntax"),
    ],
)
def test_a_picture_that_does_something_is_none(image, code):
    async def story():
        async with shared.over(Web({})) as service:
            with pytest.raises(InputRefusedError) as refused:
                await service.picture(image)
            return refused.value.code

    assert shared.run(story()) == code


def test_a_badge_goes_into_a_picture_and_is_examined_out_of_it():
    image = b'<svg xmlns="http://www.w3.org/2000/svg"/>'

    async def story():
        async with shared.over(Web({})) as service:
            baked = await service.bake(image, GENUINE)
            facts = await service.picture(baked)
            return facts, await service.examine(baked, question())

    facts, answer = shared.run(story())
    assert (facts.media_type, facts.width) == ("image/svg+xml", None)
    assert json.loads(facts.badge) == json.loads(GENUINE)
    assert answer.verdict == "accepted"


def by_liar(tmp_path, monkeypatch, body, **options):
    liar(tmp_path, monkeypatch, body)

    async def story():
        async with judging(Web({}), **options) as service:
            return await service.examine(GENUINE, question())

    return asyncio.run(story())


NEEDING = 'tell(b"?", {"needs": [["fetch", "https://%s.example/" % count, "*/*", 10, False, None]]}); count += 1'
REPORT = '{"report": {"verdict": "accepted"}}'


@pytest.mark.parametrize(
    "body",
    [
        'tell(b"=", b"w{")',
        'tell(b"=", b"w[]")',
        'tell(b"=", b"w{}")',
        """tell(b"=", b'w{"report": {}}')""",
        """tell(b"=", b'w{"report": {"verdict": "fine"}}')""",
        'tell(b"!", b"w{}")',
        """tell(b"!", b'w{"failed": 3}')""",
        'tell(b"x", b"")',
        'tell(b"", b"")',
        'tell(b"?", {"needs": []})',
        'tell(b"?", {"needs": [["fetch"]]})',
        'tell(b"?", {"needs": [["own", 1, [1, "zz"], ["", ""], []]]})',
        'tell(b"?", {"needs": [["fetch", "x" * 70000, "*/*", 10, False, None]]})',
        'tell(b"?", {"needs": [["fetch", "https://%s.example/" % n, "*/*", 10, False, None] for n in range(300)]})',
        'tell(b"?", {"needs": [["fetch", "https://same.example/", "*/*", 10, False, None]]})',
        'while True: tell(b"@", {"needs": [["fetch", "https://a.example/", "*/*", 10, False, None]]}); hear()',
        "count = globals().get('count', 0)\n" + NEEDING,
        "target.write((2**31).to_bytes(4)); target.flush()",
        "tell(b'=', b'w' + b' ' * 5_000_000 + b'" + REPORT + "')",
        "sys.exit()",
        "os.kill(os.getpid(), 11)",
    ],
)
def test_a_process_that_answers_garbage_is_an_error_of_its_task_alone(tmp_path, monkeypatch, body):
    begun = time.monotonic()
    with pytest.raises((JudgeFailedError, JudgeTimeoutError)):
        by_liar(tmp_path, monkeypatch, body)
    assert time.monotonic() - begun < 10


def test_a_process_that_says_nothing_is_killed_in_time(tmp_path, monkeypatch):
    with pytest.raises(JudgeTimeoutError):
        by_liar(tmp_path, monkeypatch, "time.sleep(60)", seconds=0.3)


def test_rounds_of_one_task_take_no_longer_than_a_few(tmp_path, monkeypatch):
    """Each round is within its time, and each needs something else."""
    begun = time.monotonic()
    body = "count = globals().get('count', 0)\ntime.sleep(0.4)\n" + NEEDING
    with pytest.raises(JudgeTimeoutError):
        by_liar(tmp_path, monkeypatch, body, seconds=0.5)
    assert time.monotonic() - begun < 4


def test_a_process_that_was_wrong_gets_no_other_task_and_one_that_is_tired_is_replaced(tmp_path, monkeypatch):
    async def story(service):
        before = service.readers.pids
        with suppress(JudgeFailedError):
            await service.examine(GENUINE, question())
        end = time.monotonic() + 10
        while service.readers.pids == before or not service.readers.pids:
            assert time.monotonic() < end
            await asyncio.sleep(0.02)

    async def run():
        async with judging(Web({})) as service:
            await story(service)

    liar(tmp_path, monkeypatch, 'tell(b"=", b"w[]")')
    asyncio.run(run())
    liar(tmp_path, monkeypatch, f'tell(b"=", b"t" + {REPORT.encode()!r})')
    asyncio.run(run())


def test_a_process_says_when_it_has_grown(monkeypatch):
    assert process_module.mapped() > 10 * 2**20
    told = []

    class Line:
        def __init__(self, *_):
            self.heard = [b"", *[b""] * process_module.LOOKED_AFTER]

        def hear(self):
            return self.heard.pop() if self.heard else None

        def tell(self, letter, message):
            told.append(letter + message)

    for name, stand_in in {
        "Pipe": Line,
        "Desk": lambda *_: None,
        "Runner": lambda: None,
        "warm": lambda _: None,
        "limit": lambda _: None,
        "end_with": lambda _: None,
        "attempt": lambda *_: (b"=", b"{}"),
    }.items():
        monkeypatch.setattr(process_module, name, stand_in)
    monkeypatch.setattr(process_module.os, "nice", lambda _: 0)
    monkeypatch.setattr(process_module.os, "dup", os.dup)
    monkeypatch.setattr(process_module.os, "dup2", lambda *_: 0)
    monkeypatch.setattr(process_module.os, "fdopen", lambda fd, _mode: os.close(fd))
    monkeypatch.setattr(process_module.signal, "signal", lambda *_: None)
    monkeypatch.setattr(process_module.sys, "stdin", type("Input", (), {"buffer": None}))
    monkeypatch.setattr(process_module.sys, "stdout", type("Output", (), {"fileno": lambda _: 1})())
    monkeypatch.setattr(process_module.sys, "stderr", type("Output", (), {"fileno": lambda _: 2})())
    monkeypatch.setattr(process_module.pickle, "loads", lambda _: type("SetUp", (), {"serves": False}))
    monkeypatch.setattr(process_module.gc, "freeze", lambda: None)
    process_module.work(1, 1.0, 2**20)
    assert told[1:-1] == [b"=w{}"] * (process_module.LOOKED_AFTER - 1)
    assert told[-1] == b"=t{}"


@pytest.mark.threat(12)
def test_memory_of_one_task_is_bounded_and_the_next_is_judged():
    async def story():
        async with judging(Web({})) as service:
            service.readers._memory = 64 * 2**20
            await service.readers._judges.copy().pop().end()
            wide = b"[" + b'{"a":1},' * 120_000 + b"{}]"
            with pytest.raises((JudgeMemoryError, JudgeFailedError)):
                await service.examine(wide, question())
            return (await service.examine(GENUINE, question())).verdict

    assert asyncio.run(story()) == "accepted"


@pytest.mark.threat(80)
def test_under_ten_times_the_load_there_is_no_room_for_most_answers_are_given_and_soon():
    """Two processes: what they can do is done; what is beyond the queue is sent away at once, to come back."""

    async def story():
        took, busy = [], []
        async with judging(Web({}), size=2) as service:
            begun = time.monotonic()
            for _ in range(40):
                await service.examine(GENUINE, question())
            alone = 40 / (time.monotonic() - begun)

            async def caller():
                while time.monotonic() < end:
                    started = time.monotonic()
                    try:
                        await service.examine(GENUINE, question())
                        took.append(time.monotonic() - started)
                    except JudgesBusyError:
                        busy.append(time.monotonic() - started)
                        await asyncio.sleep(0.02)

            end = time.monotonic() + 2
            await asyncio.gather(*(caller() for _ in range(340)))
        return alone, took, busy

    alone, took, busy = asyncio.run(story())
    assert busy
    assert len(took) / 2 > (0.8 if LONG else 0.1) * alone  # by night as row 80 has it; else others work, too
    assert sorted(took)[int(len(took) * 0.99)] < (2 if LONG else 10)
    assert sorted(busy)[int(len(busy) * 0.99)] < (0.5 if LONG else 5)


def test_a_pool_of_which_a_part_cannot_start_leaves_no_process_behind(tmp_path, monkeypatch):
    liar(tmp_path, monkeypatch, "pass")
    program = tmp_path / "liar"
    first = f"""
import os, pathlib
try:
    os.mkdir({os.fspath(tmp_path / "first")!r})
except FileExistsError:
    while not list(pathlib.Path({os.fspath(tmp_path)!r}).glob("pid-*")): pass
    sys.exit()
open({os.fspath(tmp_path)!r} + "/pid-" + str(os.getpid()), "w").close()
time.sleep(60)
"""
    program.write_text(program.read_text().replace('hear()\ntell(b"+"', first + 'hear()\ntell(b"+"', 1))

    async def story():
        async with judging(Web({})):
            pass

    begun = time.monotonic()
    with pytest.raises(JudgeFailedError, match="did not start"):
        asyncio.run(story())
    assert time.monotonic() - begun < 10
    (started,) = tmp_path.glob("pid-*")
    assert not os.path.exists(f"/proc/{started.name.removeprefix('pid-')}/exe")  # noqa: PTH110 -- a link of the kernel


@pytest.mark.parametrize(
    ("needs", "said"),
    [
        ([], "nothing"),
        ([["fetch", "a", "b", 1, False, None]] * (judge_module.MAX_NEEDS + 1), "more than is brought"),
        ([["fetch", "a" * (judge_module.MAX_NEED_CHARS + 1), "b", 1, False, None]], "nobody would ask"),
        ([["post", 1, "n", 5, 1]], "not brought"),
        (["fetch"], "not brought"),
    ],
)
def test_needs_that_no_task_has_are_refused(needs, said):
    with pytest.raises(JudgeFailedError, match=said):
        judge_module._needs(json.dumps({"needs": needs}).encode())
