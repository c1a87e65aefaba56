"""What the command line itself refuses, and how any refusal is told.

CliError          status 2: bad usage, input that cannot be read
├── Refused       status 1: understood, and not done because of what the input says
└── Unknowable    status 20: it cannot be told

The sentences stand in the catalogues under `error.<code>`. An error of another room is told by the catalogue's
sentence for its code, or for the nearest part of it, with its own words as details; one that no catalogue knows speaks
for itself.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar, Final, Protocol, runtime_checkable

from typer.exceptions import TyperException

from node.cli.output import fit, visible
from node.cli.words import Words

_ANSWERED: Final = ".".join(("error", "remote", "answered"))  # noqa: FLY002 -- no key of a sentence, as tests take one for
"""What has the sentences for the same codes, where a node has told them."""


class CliError(Exception):
    """A command cannot go on; `code` names the sentence and the remedy, `values` fill their places."""

    status: ClassVar[int] = 2

    def __init__(self, code: str, /, **values: object) -> None:
        super().__init__(code)
        self.code = code
        self.values = values


class Refused(CliError):  # noqa: N818 -- names the outcome, as the exit statuses do
    """A command understood its input and declines to do what was asked."""

    status = 1


class Unknowable(CliError):  # noqa: N818 -- likewise
    """A command could not find out."""

    status = 20


@runtime_checkable
class Coded(Protocol):
    """An error of another room: a stable code, its sentence as `str`, and what to do next."""

    code: str
    remedy: str


@runtime_checkable
class Answered(Protocol):
    """What a node has answered: its own database, say, is none of whoever asked."""

    status: int
    """Of HTTP."""


@contextmanager
def naming(file: str) -> Iterator[None]:
    """Say with whatever cannot be read that it is this file, where a command reads several."""
    try:
        yield
    except Exception as error:
        if isinstance(error, CliError | Coded):
            error.add_note(file)
        raise


def file_of(error: Exception) -> str:
    """The file that `naming` put beside an error; empty where there is none."""
    return next(iter(getattr(error, "__notes__", ())), "")


def describe(error: Exception, words: Words) -> dict[str, str]:
    """What happened, details where there are any, what to do next, and the code."""
    if isinstance(error, CliError):
        details = {"details": visible(error.values["details"])} if "details" in error.values else {}
        return {**_told(f"error.{error.code}", error.code, words, **error.values), **details}
    if not isinstance(error, Coded):
        raise TypeError(f"{type(error).__name__} has no code") from error
    where = {"path": visible(path)} if (path := getattr(error, "path", "")) else {}
    answered = words.nearest(_ANSWERED, error.code) if isinstance(error, Answered) else None
    if key := answered or words.nearest("error", error.code):
        return {**_told(key, error.code, words, remedy=error.remedy), "details": visible(error), **where}
    return {"message": visible(error), "remedy": visible(error.remedy), "code": error.code, **where}


def describe_usage(error: TyperException, words: Words) -> dict[str, str]:
    """What is wrong with the command line itself."""
    name = getattr(error, "option_name", "")
    parameter = getattr(error, "param", None)
    match type(error).__name__:  # the framework keeps the classes private, and their names are stable
        case "NoArgsIsHelpError":
            return {**_usage("usage.nothing", words), "help": error.format_message()}
        case "NoSuchOption":
            return _usage("usage.option", words, name=name)
        case "MissingParameter" if parameter is not None:
            asked = parameter.opts[0] if parameter.opts[0].startswith("-") else parameter.metavar
            return _usage("usage.missing", words, name=asked)
        case _:
            return {**_usage("usage.line", words), "details": visible(error.format_message())}


def _usage(code: str, words: Words, **values: object) -> dict[str, str]:
    return _told(f"error.{code}", code, words, **values)


def status_of(error: Exception) -> int:
    """The exit status of a refusal."""
    return error.status if isinstance(error, CliError) else CliError.status


def _told(key: str, code: str, words: Words, **values: object) -> dict[str, str]:
    fitting = fit(values)
    return {"message": words(f"{key}.said", **fitting), "remedy": words(f"{key}.remedy", **fitting), "code": code}
