"""What several tests share: where the published test data lies, and how its absence is said."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
NO_VECTORS = "published test vectors are absent: set GLEJT_VECTORS to their folder"


def vectors_root() -> Path | None:
    """The folder of published test vectors, or None where this machine has none."""
    folder = Path(os.environ.get("GLEJT_VECTORS") or ROOT.parent / "shared" / "vectors")
    return folder if (folder / "expected.json").is_file() else None


def vectors(*parts: str) -> Path:
    """A path inside the published test data; skips the calling test (or module) when it is absent."""
    root = vectors_root()
    if root is None:
        pytest.skip(NO_VECTORS, allow_module_level=True)
    return root.joinpath(*parts)
