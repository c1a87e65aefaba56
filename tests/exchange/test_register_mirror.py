"""Copying registers that strangers wrote, and copies that somebody changed."""

import asyncio
import base64
import hashlib
import json
from contextlib import suppress
from datetime import UTC, datetime

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from node_support import A
from register_support import built

from node.adapters.register_folder import RegisterFolder
from node.app import sources
from node.exchange import register_mirror
from node.exchange.register_check import check_one
from node.exchange.register_mirror import Mirror
from node.verification.errors import FetchError, RegisterError, UnreachableError
from node.verification.gather import gather
from node.verification.policy import built_in
from node.verification.received import subject_of
from node.verification.register_form import MAX_INDEX_PAGES, read_head, read_index, read_manifest, read_page
from node.verification.report import Verdict
from node.verification.sources import Fetched
from node.verification.trust import NO_TRUST
from node.verification.verify import verify

BASE = "https://node.example"
URL = f"{BASE}/register"
NOW = datetime(2026, 9, 2, tzinfo=UTC)
OFFLINE = sources()


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """The register, and the same after one more achievement was published."""
    return built(tmp_path_factory.mktemp("node"), BASE, later=True)


@pytest.fixture
def pages(both):
    return dict(both[0])


@pytest.fixture
def folder(tmp_path):
    return RegisterFolder(tmp_path / "copy")


class Web:
    """Serves pages by their paths; `failing` answers so often with this status first."""

    def __init__(self, pages, failing=(0, 429)):
        self.pages = pages
        self.asked = []
        self.left, self.status = failing

    async def __call__(self, url, *, accept, max_bytes):
        del accept
        self.asked.append(url)
        if self.left:
            self.left -= 1
            raise UnreachableError("slower", code="fetch.status", remedy="", status=self.status)
        body = self.pages.get(url.removeprefix(BASE))
        if body is None:
            raise UnreachableError("absent", code="fetch.status", remedy="", status=404)
        if len(body) > max_bytes:
            raise FetchError("large", code="fetch.too_large", remedy="")
        return Fetched(body, "", url, NOW)


async def judge(head):
    subject = subject_of(head)
    return verify(subject, await gather(subject, OFFLINE, NO_TRUST), built_in(), NOW)


def judge_copy(opened):
    subject = subject_of(opened.document)
    material = opened.within(asyncio.run(gather(subject, OFFLINE, NO_TRUST)))
    return verify(subject, material, built_in(), NOW)


def copied(pages, folder, **options):
    async def pause(_):
        pass

    web = pages if isinstance(pages, Web) else Web(pages)
    return asyncio.run(Mirror(URL, web, folder, judge, pause=pause, **options).run())


def problem(pages, folder):
    """The code of what went wrong with the one organisation, or with all of it."""
    try:
        (one,) = copied(pages, folder)
    except (RegisterError, FetchError) as error:
        return error.code
    return None if one.problem is None else one.problem.code


def checked(folder):
    return check_one(folder, A, folder.heads()[A], judge_copy)


def path_of(pages, form):
    """The path of the file with this in it."""
    return next(path for path, body in pages.items() if form in body)


def head_path():
    return f"/register/{A}"


def test_all_of_it_is_copied_and_the_copy_holds(pages, folder):
    (one,) = copied(pages, folder)
    assert (one.problem, one.files, one.new) == (None, 4, 4)
    assert one.report.verdict is Verdict.ACCEPTED
    found = checked(folder)
    assert (found.problems, found.files) == ([], 4)
    assert found.report.verdict is Verdict.ACCEPTED
    files = {path.name for path in folder.path.glob("files/*/*")}
    assert files == {hashlib.sha256(body).hexdigest() for path, body in pages.items() if path != "/register"}
    assert {path.name for path in folder.path.iterdir()} == {"copy.json", "files"}


def test_a_second_run_copies_what_is_new(both, folder):
    copied(both[0], folder)
    again = Web(both[0])
    (one,) = copied(again, folder)
    assert one.new == 0
    assert len(again.asked) == 3, "index, head and manifest: what can change"
    web = Web(both[1])
    (one,) = copied(web, folder)
    assert (one.files, one.new) == (5, 1)
    assert len(web.asked) == 5
    assert checked(folder).files == 5


def test_an_interrupted_run_goes_on_and_leaves_what_was_there(both, folder):
    copied(both[0], folder)
    before = folder.heads()
    last = next(path for path, body in both[1].items() if b"One more course" in body)
    broken = {path: body for path, body in both[1].items() if path != last}
    assert problem(broken, folder) == "fetch.status"
    assert folder.heads() == before
    assert checked(folder).problems == [], "the older copy is whole"
    (one,) = copied(both[1], folder)
    assert one.problem is None
    assert checked(folder).files == 5
    assert not list(folder.path.glob("**/.*"))


def test_an_older_head_is_refused(both, folder):
    copied(both[1], folder)
    before = folder.heads()
    assert problem(both[0], folder) == "register.rolled_back"
    assert folder.heads() == before


def test_a_node_that_asks_to_be_asked_more_slowly_is(pages, folder):
    for status in (429, 503):
        (one,) = copied(Web(pages, (3, status)), folder)
        assert one.problem is None
    with pytest.raises(UnreachableError):
        copied(Web(pages, (100, 429)), folder)
    with pytest.raises(UnreachableError):
        copied(Web(pages, (1, 500)), folder)


def test_each_changed_byte_of_each_file_is_noticed(pages, tmp_path):
    for number, (path, body) in enumerate(sorted(pages.items())):
        if path == "/register":
            continue
        other = bytearray(body)
        other[len(other) // 3] ^= 1
        folder = RegisterFolder(tmp_path / str(number))
        assert problem({**pages, path: bytes(other)}, folder) is not None, path
        assert folder.heads() == {}


def test_a_changed_file_of_a_copy_is_noticed(pages, folder):
    copied(pages, folder)
    for file in folder.path.glob("files/*/*"):
        content = file.read_bytes()
        for changed in (content[:-1] + b" ", b"", None):
            if changed is None:
                file.unlink()
            else:
                file.write_bytes(changed)
            found = checked(folder)
            assert found.problems, file
            assert {code for code, _ in found.problems} == {"register.missing"}
        file.write_bytes(content)
    assert checked(folder).problems == []


def signed_again(pages, change):
    """The pages with a head that was changed after it was signed."""
    head = orjson.loads(pages[head_path()])
    change(head)
    return {**pages, head_path(): orjson.dumps(head)}


def repinned(pages, path, body):
    """The pages with another file in the place of one, and everything above it pinned anew; the head is not signed."""
    pages = dict(pages)
    while True:
        before = pages.pop(path)
        old, new = hashlib.sha256(before).hexdigest(), hashlib.sha256(body).hexdigest()
        pages[path.replace(old, new)] = body
        above = next((one for one, text in pages.items() if old.encode() in text and one != head_path()), None)
        if above is None:
            break
        text = pages[above].replace(f'"{old}","bytes":{len(before)}'.encode(), f'"{new}","bytes":{len(body)}'.encode())
        path, body = above, text.replace(old.encode(), new.encode())
    head = orjson.loads(pages[head_path()].replace(old.encode(), new.encode()))
    head["relatedResource"][0]["digestSRI"] = f"sha256-{base64.b64encode(bytes.fromhex(new)).decode()}"
    return {**pages, head_path(): orjson.dumps(head)}


def test_a_head_that_nobody_signed_is_refused(pages, folder):
    achievement = path_of(pages, b"Course number 0")
    forged = repinned(pages, achievement, pages[achievement].replace(b"Course number 0", b"Course for free"))
    assert problem(forged, folder) == "register.head"
    assert problem(signed_again(pages, lambda head: head.update(name="Another")), folder) == "register.head"
    assert problem(signed_again(pages, lambda head: head.pop("proof")), folder) == "register.head"
    stranger = "did:key:z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH"
    other = signed_again(pages, lambda head: head.update(issuer=stranger, credentialSubject={"id": stranger}))
    assert problem(other, folder) == "register.head"
    assert folder.heads() == {}


def test_what_the_head_does_not_pin_is_refused(pages, folder):
    """All below it fits together; but it is not what the organisation signed."""
    achievement = path_of(pages, b"Course number 0")
    forged = repinned(pages, achievement, pages[achievement].replace(b"Course number 0", b"Course for free"))
    old, new = (path_of(some, b"glejt/register-manifest/v1") for some in (pages, forged))
    hostile = {**forged, head_path(): pages[head_path()], old: forged[new]}
    assert problem(hostile, folder) == "register.digest"
    assert folder.heads() == {}


def changed_json(pages, path, change):
    value = orjson.loads(pages[path])
    change(value)
    return {**pages, path: orjson.dumps(value)}


def test_hostile_indexes_are_refused(pages, folder, tmp_path):
    def index(**changes):
        return changed_json(pages, "/register", lambda value: value.update(changes))

    one = orjson.loads(pages["/register"])["registers"][0]
    for hostile in (
        index(format="other"),
        index(registers={}),
        index(registers=[1]),
        index(registers=[one, one]),
        index(registers=[{**one, "head": "https://evil.example/register/org-a"}]),
        index(registers=[{**one, "head": "http://node.example/register/org-a"}]),
        index(registers=[{**one, "head": "https://node.example@evil.example/"}]),
        index(registers=[{**one, "head": "file:///etc/passwd"}]),
        index(registers=[{**one, "organisation": ""}]),
        index(registers=[{**one, "organisation": "x" * 1000}]),
        index(next="https://evil.example/register?after=1"),
        index(next=f"{URL}"),
        {**pages, "/register": b"[]"},
        {**pages, "/register": b"{" * 1000},
        {**pages, "/register": b'{"format":"glejt/register/v1","registers":[],"registers":[]}'},
    ):
        assert problem(hostile, folder) in {"register.form", "register.url"}, hostile["/register"][:200]
    assert not folder.path.exists()
    assert list(tmp_path.iterdir()) == []


def test_an_index_without_an_end_is_left(folder):
    class Endless:
        asked = 0

        async def __call__(self, url, *, accept, max_bytes):
            del accept, max_bytes
            self.asked += 1
            page = {"format": "glejt/register/v1", "registers": [], "next": f"{URL}?after={self.asked}"}
            return Fetched(orjson.dumps(page), "", url, NOW)

    endless = Endless()
    with pytest.raises(RegisterError):
        asyncio.run(Mirror(URL, endless, folder, judge).run())
    assert endless.asked == MAX_INDEX_PAGES


def test_names_of_a_register_are_never_names_of_files(pages, folder, tmp_path):
    """Whatever it calls itself, nothing is written but by digests."""
    for name in ("../../outside", "/etc/outside", "copy.json", "a\x00b", "C:\\outside", ".."):
        hostile = changed_json(
            pages, "/register", lambda value, name=name: value["registers"][0].update(organisation=name)
        )
        assert problem(hostile, folder) == "register.head", name
    assert {path.name for path in tmp_path.iterdir()} <= {"copy"}
    written = {path.relative_to(folder.path).parts[0] for path in folder.path.rglob("*")}
    assert written <= {"files", "copy.json"}


def test_more_than_a_run_may_take_is_refused(pages, folder, monkeypatch):
    monkeypatch.setattr(register_mirror._Budget, "take", bounded_at(500))
    assert problem(pages, folder) == "register.too_large"
    assert folder.heads() == {}


def bounded_at(most):
    taken = [0]

    def take(_, size):
        taken[0] += size
        if taken[0] > most:
            raise register_mirror._wrong("too_large", "more")

    return take


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("sha256", "0" * 63),
        ("sha256", "G" * 64),
        ("bytes", -1),
        ("bytes", 2**40),
        ("bytes", True),
        ("bytes", "1"),
        ("url", "https://evil.example/x"),
        ("url", "https://node.example:444/x"),
        ("url", "/relative"),
        ("url", "https://node.example/" + "x" * 2000),
        ("media_type", "text/html; charset=x\r\nX: y"),
        ("kind", ""),
        ("withdrawn", "yesterday"),
        ("about", 7),
    ],
)
def test_hostile_entries_are_refused(pages, member, value):
    page = orjson.loads(pages[path_of(pages, b"glejt/register-page/v1")])
    page["entries"][0][member] = value
    with pytest.raises(RegisterError):
        read_page(orjson.dumps(page), BASE)


HEAD = ("relatedResource", "id", "issuer", "validFrom")
TABLES = ("format", "entries", "pages", "url", "sha256", "bytes", "registers", "next", "files", "organisation")
MEMBERS = st.sampled_from([*TABLES, *HEAD])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(MEMBERS, inner, max_size=6),
    max_leaves=12,
)


@given(VALUES, st.sampled_from(["glejt/register/v1", "glejt/register-manifest/v1", "glejt/register-page/v1"]))
def test_readers_refuse_and_never_fail(value, form):
    data = json.dumps({**value, "format": form} if isinstance(value, dict) else value).encode()
    for read in (read_index, read_head, read_manifest, read_page):
        with suppress(RegisterError):
            read(data, BASE)


def test_a_copy_that_names_files_outside_is_none(folder, tmp_path):
    folder.path.mkdir()
    for stated in (
        {"format": "glejt/register-copy/v1", "url": URL, "heads": {A: "../../secret"}},
        {"format": "glejt/register-copy/v1", "url": URL, "heads": [A]},
        {"format": "other", "url": URL, "heads": {}},
    ):
        (folder.path / "copy.json").write_bytes(orjson.dumps(stated))
        with pytest.raises(RegisterError):
            folder.stated()
    (tmp_path / "secret").write_text("secret")
    assert folder.read("../../secret") is None


def test_what_an_organisation_calls_an_achievement_has_to_be_one(pages, folder):
    copied(pages, folder)
    achievement = path_of(pages, b"Course number 0")
    other = path_of(pages, b"Course number 1")
    swapped = repinned(pages, achievement, pages[other])
    for body in swapped.values():
        folder.put(body)
    found = check_one(folder, A, hashlib.sha256(swapped[head_path()]).hexdigest(), judge_copy)
    assert ("register.achievement", f"{BASE}{achievement}") in found.problems
    assert found.report.verdict is Verdict.REJECTED, "and nobody signed that head"
