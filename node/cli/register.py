"""`glejt register`: copy a node's register into a folder, and check a copy without asking anybody."""

import asyncio
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from node.adapters.register_folder import RegisterFolder
from node.app import sources
from node.cli.errors import CliError, describe
from node.cli.inputs import trust_for
from node.cli.invocation import Invocation
from node.cli.output import Colour, visible
from node.config import allows_loopback
from node.credentials.timestamps import format_timestamp
from node.documents import JsonObject, JsonValue
from node.exchange.register_check import Checked, checked_all
from node.exchange.register_mirror import Copied, Mirror
from node.verification.errors import FetchError, VerificationError
from node.verification.gather import gather
from node.verification.opened_capsule import Opened
from node.verification.policy import built_in
from node.verification.received import subject_of
from node.verification.report import Report, Verdict
from node.verification.sources import Sources
from node.verification.trust import Trust
from node.verification.verify import verify
from node.verification.wording import wording

DONE: Final = 0
REFUSED: Final = 1
FAILED: Final = 2
UNKNOWN: Final = 20
"""It cannot be told: the keys came only with the copy."""
ENDS: Final[dict[int, tuple[str, Colour]]] = {
    DONE: ("register.sound", "green"),
    UNKNOWN: ("register.untold", "grey"),
    REFUSED: ("register.unsound", "red"),
}


def mirror(invocation: Invocation, url: str, folder: str, *, trust: str | None, as_json: bool) -> int:
    """Copy what is new; say of each organisation what came of it."""
    known = trust_for(invocation, trust)
    place = RegisterFolder(Path(folder).expanduser())
    _require_same(place, url)
    online = not invocation.settings.offline
    outside = _outside(online=online, remember=True)
    fetch = _outside(online=online, remember=False).fetch  # a node that asks to be asked again later is

    async def judge(head: bytes) -> Report:
        subject = subject_of(head)
        material = await gather(subject, outside, known)
        return verify(subject, material, built_in(), datetime.now(UTC), trust=known)

    def told(copied: Copied) -> None:
        if not as_json:
            _tell_copied(invocation, copied)

    async def copy() -> list[Copied]:
        return await Mirror(url, fetch, place, judge, told=told).run()

    try:
        done = asyncio.run(copy())
    except (VerificationError, FetchError) as error:
        invocation.out.error(describe(error, invocation.words))
        return _status([error])
    except OSError as error:
        raise CliError("output.unwritable", name=folder, reason=error.strerror or "") from error
    if as_json:
        found: list[JsonValue] = [_copied_json(one, invocation) for one in done]
        invocation.out.answer_json({"register": url, "folder": folder, "organisations": found})
    else:
        for one in done:
            if one.unlisted:
                _tell_copied(invocation, one)
        new = sum(one.new for one in done)
        invocation.out.answer(invocation.words("register.copied", new=new, organisations=len(done)))
    return _status([one.problem for one in done if one.problem is not None])


def check(invocation: Invocation, folder: str, *, trust: str | None, as_json: bool) -> int:
    """Check a copy; nobody is asked anything."""
    known = trust_for(invocation, trust)
    place = RegisterFolder(Path(folder).expanduser())
    try:
        url, heads = place.stated()
    except VerificationError as error:
        invocation.out.error(describe(error, invocation.words))
        return FAILED
    judge = _Judge(known, _outside(online=False, remember=True))
    done = []
    for one in checked_all(place, heads, judge):
        done.append(one)
        if not as_json:
            _tell_checked(invocation, one)
    status = max((_status_of(one) for one in done), key=(DONE, UNKNOWN, REFUSED).index, default=DONE)
    if as_json:
        found: list[JsonValue] = [_checked_json(one, invocation) for one in done]
        invocation.out.answer_json({"register": url, "folder": folder, "organisations": found})
    else:
        key, colour = ENDS[status]
        invocation.out.answer(invocation.words(key, url=visible(url)), colour)
        if status == UNKNOWN:
            invocation.out.remark("register.pin")
    return status


class _Judge:
    """Verifies what is in a copy, by it and the trust file alone."""

    def __init__(self, trust: Trust, outside: Sources) -> None:
        self._trust = trust
        self._outside = outside

    def __call__(self, opened: Opened) -> Report:
        subject = subject_of(opened.document)
        material = opened.within(asyncio.run(gather(subject, self._outside, self._trust)))
        return verify(subject, material, built_in(), datetime.now(UTC), trust=self._trust)


def _outside(*, online: bool, remember: bool) -> Sources:
    return sources(online=online, loopback=allows_loopback(os.environ), remember=remember)


def _require_same(place: RegisterFolder, url: str) -> None:
    """A folder holds the copy of one register."""
    if place.exists():
        there, _ = place.stated()
        if there != url:
            raise CliError("register.other", there=there)
    elif place.path.exists() and not place.path.is_dir():
        raise CliError("output.exists", name=place.path)


def _sentence(report: Report | None, invocation: Invocation) -> str:
    return "" if report is None else wording(report, invocation.words.language).credentials[0].sentence


def _tell_copied(invocation: Invocation, one: Copied) -> None:
    out, words, name = invocation.out, invocation.words, visible(one.organisation)
    if one.unlisted:
        out.answer(f"  {name}  {words('register.unlisted')}", "grey")
    elif one.problem is not None:
        out.answer(f"  {name}  {visible(one.problem)} ({one.problem.code})", "red")
    else:
        out.answer(
            f"  {name}  {words('register.files', files=one.files, new=one.new)}  {_sentence(one.report, invocation)}"
        )


def _tell_checked(invocation: Invocation, one: Checked) -> None:
    out, words = invocation.out, invocation.words
    out.answer(f"{visible(one.name)} ({visible(one.organisation)})", "bold")
    if one.made is not None:
        out.answer(f"  {words('register.signed_by', issuer=visible(one.issuer), time=format_timestamp(one.made))}")
    out.answer(f"  {_sentence(one.report, invocation)}")
    kinds = ", ".join(f"{count} {visible(kind)}" for kind, count in sorted(one.kinds.items()))
    out.answer(f"  {words('register.holds', files=one.files, kinds=kinds)}")
    for code, about in one.problems:
        out.answer(f"  {words('register.problem', about=visible(about), code=code)}", "red")


def _status_of(one: Checked) -> int:
    if one.problems or one.report is None or one.report.verdict is Verdict.REJECTED:
        return REFUSED
    return DONE if one.report.verdict is Verdict.ACCEPTED else UNKNOWN


def _status(problems: list[VerificationError | FetchError]) -> int:
    """Refused, where something was not as it should be; failed, where it could not be had."""
    if any(isinstance(problem, VerificationError) for problem in problems):
        return REFUSED
    return FAILED if problems else DONE


def _copied_json(one: Copied, invocation: Invocation) -> JsonObject:
    found: JsonObject = {
        "organisation": one.organisation,
        "head": one.url or None,
        "listed": not one.unlisted,
        "files": one.files,
        "new": one.new,
        "verdict": None if one.report is None else one.report.verdict.value,
    }
    if one.problem is not None:
        found["problem"] = {**describe(one.problem, invocation.words)}
    return found


def _checked_json(one: Checked, invocation: Invocation) -> JsonObject:
    return {
        "organisation": one.organisation,
        "name": one.name,
        "issuer": one.issuer,
        "made": None if one.made is None else format_timestamp(one.made),
        "verdict": None if one.report is None else one.report.verdict.value,
        "sentence": _sentence(one.report, invocation),
        "files": one.files,
        "kinds": dict(one.kinds),
        "classes": dict(one.classes),
        "problems": [{"code": code, "about": about} for code, about in one.problems],
    }
