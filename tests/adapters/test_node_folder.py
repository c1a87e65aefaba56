"""The folder of a node: for its owner alone, for one process at a time, and tidy."""

import stat

import pytest

from node.adapters.node_folder import TRIAL, FolderError, NodeFolder, require_private


@pytest.mark.threat(85)
def test_it_is_made_for_its_owner_alone(tmp_path):
    folder = NodeFolder(tmp_path / "a" / "node")
    with folder.held():
        assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700
        require_private(folder)
    (folder.path / "file").touch(mode=0o600)
    (folder.path / "file").chmod(0o640)
    with pytest.raises(FolderError) as refused:
        require_private(folder)
    assert refused.value.code == "folder.open"
    assert "file" in str(refused.value)


def test_one_is_in_it_at_a_time_and_says_who(tmp_path):
    folder = NodeFolder(tmp_path)
    assert not folder.is_held
    with folder.held("http://127.0.0.1:1"):
        assert folder.is_held
        with pytest.raises(FolderError, match=r"http://127\.0\.0\.1:1") as refused, folder.held():
            pass
        assert refused.value.code == "folder.running"
        assert folder.is_held
    assert not folder.is_held
    with folder.held():
        pass


@pytest.mark.threat(100)
def test_trials_of_a_process_that_died_are_removed(tmp_path):
    left = tmp_path / f"{TRIAL}abc"
    left.mkdir()
    (left / "restored.sqlite3").write_bytes(b"names of people")
    with NodeFolder(tmp_path).held():
        assert not left.exists()


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(FolderError) as refused, NodeFolder(tmp_path / "file" / "node").held():
        pass
    assert refused.value.code == "folder.unusable"
