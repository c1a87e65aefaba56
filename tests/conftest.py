"""Rules of the suite: one loud line for absent test data, no silent skip where CI could have run, no timed test."""

import os
import signal
import sys

import pytest
from hypothesis import settings
from support import NO_VECTORS, vectors_root

# How long an example takes says more about the machine than about the code; bench/ measures.
settings.register_profile("glejt", deadline=None)
settings.load_profile("glejt")

# A shell lets what it starts in the background ignore Ctrl-C, and so would all processes that tests interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

LONG = "GLEJT_LONG" in os.environ
FEWEST = 100

_skips: list[str] = []


def pytest_report_header() -> str:
    root = vectors_root()
    return f"test vectors: {'present' if root else 'ABSENT - ' + NO_VECTORS}"


def pytest_itemcollected(item: pytest.Item) -> None:
    """A third of the examples that a test asks for, where it asks for many; GLEJT_LONG tries all."""
    function = getattr(item, "function", None)
    asked = getattr(function, "_hypothesis_internal_use_settings", None)
    if not LONG and asked is not None and asked.max_examples > FEWEST and not getattr(function, "fewer", False):
        fewer = max(FEWEST, asked.max_examples // 3)
        function._hypothesis_internal_use_settings = settings(asked, max_examples=fewer)
        function.fewer = True


_DEPTH = sys.getrecursionlimit()


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Collecting imports py-evm, which raises the limit for the whole process; tests of depth need the usual one."""
    sys.setrecursionlimit(_DEPTH)


def pytest_collectreport(report: pytest.CollectReport) -> None:
    _note_skip(report)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    _note_skip(report)


def _note_skip(report: pytest.CollectReport | pytest.TestReport) -> None:
    if report.skipped and isinstance(report.longrepr, tuple):
        _skips.append(f"{report.nodeid}: {report.longrepr[2]}")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI a skip for any reason but absent test data is a failure: CI installs what the tests need."""
    if os.environ.get("CI") and any(NO_VECTORS not in skip for skip in _skips) and session.exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    absent = sum(NO_VECTORS in skip for skip in _skips)
    if absent:
        terminalreporter.write_line(f"SKIPPED {absent} tests: {NO_VECTORS}", red=True, bold=True)
    for skip in _skips:
        if NO_VECTORS not in skip:
            terminalreporter.write_line(f"SKIPPED {skip}", red=True, bold=True)
