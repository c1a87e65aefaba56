"""The entry point of the command `glejt`: nothing that goes wrong in the program may look like a verdict.

Exit status: 0 accepted or done, 1 rejected or refused, 2 bad usage, unreadable input or a failed program, 20 cannot
tell. Python ends with 1 on an uncaught exception and with 120 when standard output cannot be flushed; here both are 2.
"""

import os
import signal
import sys
from contextlib import suppress

FAILED = 2
INTERRUPTED = 128 + signal.SIGINT


def main() -> int:
    """Run one command line and return its exit status; a failure of the program is 2, whatever it was.

    Interrupted from the keyboard, the process ends by that signal (130 in a shell): it has judged nothing.
    """
    try:
        from node.cli.program import run  # noqa: PLC0415 -- inside, so that a broken installation is told, too

        status = run(sys.argv[1:])
        sys.stdout.flush()
    except KeyboardInterrupt:
        return _interrupted()
    except SystemExit as ending:  # a library's way out: its 1 would be no verdict of ours
        return 0 if ending.code in {0, None} else FAILED
    except Exception as error:  # noqa: BLE001 -- the one boundary: every bug becomes status 2, and says so
        return _failed(error)
    return status


def _failed(error: Exception) -> int:
    """Tell what kind of failure it was, never a value of the document, which may be anybody's private data."""
    _abandon_stdout()
    if os.environ.get("GLEJT_DEBUG") == "1":
        import traceback  # noqa: PLC0415 -- only for people who ask for it

        traceback.print_exception(error)
    match error:
        case BrokenPipeError():
            return _tell("output.closed")
        case MemoryError():
            return _tell("program.memory")
        case OSError():
            return _tell("program.system", reason=error.strerror or type(error).__name__)
        case ImportError():
            return _tell("program.installation", part=error.name or "?")
        case _:
            return _tell("program.failed", kind=type(error).__name__)


def _tell(code: str, **values: str) -> int:
    """Write the error to standard error, if anybody still reads it; the status speaks in any case."""
    try:
        from node.cli.words import flag_value, spoken, words_in  # noqa: PLC0415 -- may itself be what is broken

        words = words_in(spoken(flag_value(sys.argv[1:], "--lang"), os.environ))
        said, remedy = (words(f"error.{code}.{part}", **values) for part in ("said", "remedy"))
        lines = f"glejt: {said}\n  {words('label.next')}: {remedy}\n  {words('label.code')}: {code}\n"
    except Exception:  # noqa: BLE001 -- the words are lost with the rest; a traceback would help nobody
        lines = f"glejt: glejt itself failed; no document was judged.\n  Next: install it again.\n  Code: {code}\n"
    with suppress(OSError, ValueError, AttributeError):
        sys.stderr.write(lines)
        sys.stderr.flush()
    return FAILED


def _abandon_stdout() -> None:
    """Point standard output at nothing where it cannot be written, lest the interpreter's last flush set the status."""
    try:
        sys.stdout.flush()
    except (OSError, ValueError, AttributeError):
        with suppress(OSError, ValueError, AttributeError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _interrupted() -> int:
    """End by the signal that came, so that a shell's loop over many files ends with us."""
    _abandon_stdout()
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGINT)
    return INTERRUPTED  # where the signal is blocked


if __name__ == "__main__":
    sys.exit(main())
