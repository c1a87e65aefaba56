"""What the tests of the wallet stand on: a loop for those that are coroutines."""

from coroutine_support import pytest_collection_modifyitems, pytest_pyfunc_call, runner

__all__ = ["pytest_collection_modifyitems", "pytest_pyfunc_call", "runner"]
