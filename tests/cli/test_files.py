"""Files are written whole or not at all, and none is overwritten unasked, on every kind of file system."""

import errno
import os
import stat

import pytest
from ledger_support import SECRET, site_of

from anchoring.batch import batch
from anchoring.receipt import Receipt
from node.cli.anchor_receipts import ReceiptFiles
from node.cli.errors import CliError
from node.cli.files import read_first_line, read_input, replace_whole, write_whole
from node.cli.many import Handed

COMMITTED = b"c" * 32
RECEIPT = Receipt(batch([COMMITTED], [b"a" * 32], SECRET).place(b"a" * 32, COMMITTED), site_of(), b"s" * 32)


def without_hard_links(*_):
    raise OSError(errno.EPERM, "no hard links here")


@pytest.fixture(params=[os.link, without_hard_links], ids=["hard links", "no hard links"], autouse=True)
def file_system(request, monkeypatch):
    monkeypatch.setattr(os, "link", request.param)


def test_a_new_file_is_written_whole_and_nothing_else_is_left(tmp_path):
    write_whole(tmp_path / "new", b"data", force=False)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"new": b"data"}


def test_an_existing_file_is_replaced_only_by_force(tmp_path):
    (tmp_path / "old").write_bytes(b"mine")
    with pytest.raises(CliError, match=r"output\.exists"):
        write_whole(tmp_path / "old", b"data", force=False)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"old": b"mine"}
    write_whole(tmp_path / "old", b"data", force=True)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"old": b"data"}


def test_a_link_that_points_nowhere_is_a_name_that_is_taken(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    with pytest.raises(CliError, match=r"output\.exists"):
        write_whole(tmp_path / "link", b"data", force=False)
    assert not (tmp_path / "nowhere").exists()


def test_the_permissions_are_those_the_person_gives_new_files(tmp_path):
    before = os.umask(0o027)
    try:
        write_whole(tmp_path / "new", b"data", force=False)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o640


def test_a_disk_that_fails_leaves_neither_the_file_nor_a_part_of_it(tmp_path, monkeypatch):
    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CliError, match=r"output\.unwritable"):
        write_whole(tmp_path / "new", b"data", force=False)
    assert list(tmp_path.iterdir()) == []


def test_input_up_to_the_limit_is_read_and_a_byte_more_is_refused(tmp_path):
    (tmp_path / "input").write_bytes(b"x" * 11)
    assert read_input(str(tmp_path / "input"), limit=11) == b"x" * 11
    with pytest.raises(CliError, match=r"input\.too_large"):
        read_input(str(tmp_path / "input"), limit=10)


def test_a_name_that_no_file_can_have_is_missing(tmp_path):
    with pytest.raises(CliError, match=r"input\.missing"):
        read_input(str(tmp_path / "a\x00b"), limit=10)


def test_the_first_line_of_a_passphrase_file_counts(tmp_path):
    (tmp_path / "passphrase").write_bytes("zażółć gęślą\r\nsecond\n".encode())
    assert read_first_line(tmp_path / "passphrase") == "zażółć gęślą"
    (tmp_path / "passphrase").write_bytes("one\u2028line\x0bonly".encode())
    assert read_first_line(tmp_path / "passphrase") == "one\u2028line\x0bonly"
    (tmp_path / "passphrase").write_bytes(b"\xff")
    with pytest.raises(CliError, match=r"input\.not_text"):
        read_first_line(tmp_path / "passphrase")


@pytest.mark.parametrize("name", [".a.receipt.part", "a.receipt"])
def test_a_file_is_never_written_through_a_link_that_somebody_laid(tmp_path, name):
    shared, mine = tmp_path / "shared", tmp_path / "mine"
    shared.mkdir()
    mine.write_bytes(b"mine")
    (shared / name).symlink_to(mine)
    before = os.umask(0o027)
    try:
        replace_whole(shared / "a.receipt", b"data")
    finally:
        os.umask(before)
    assert mine.read_bytes() == b"mine"
    assert (shared / "a.receipt").read_bytes() == b"data"
    assert not (shared / "a.receipt").is_symlink()
    assert stat.S_IMODE((shared / "a.receipt").stat().st_mode) == 0o640
    assert sorted(path.name for path in shared.iterdir()) == sorted({name, "a.receipt"})


def test_the_receipt_of_a_document_is_never_written_through_a_link(tmp_path):
    shared, mine = tmp_path / "shared", tmp_path / "mine"
    shared.mkdir()
    mine.write_bytes(b"mine")
    (shared / ".a.receipt.part").symlink_to(mine)
    files = ReceiptFiles(shared)
    files.put(Handed("a"), {COMMITTED: RECEIPT})
    assert (files.written, files.conflicts) == (1, [])
    assert mine.read_bytes() == b"mine"
    assert (shared / "a.receipt").read_bytes() == RECEIPT.encode()
    with pytest.raises(CliError, match=r"output\.unwritable"):
        ReceiptFiles(shared / "none").put(Handed("a"), {COMMITTED: RECEIPT})
    assert {path.name for path in shared.iterdir()} == {".a.receipt.part", "a.receipt"}
