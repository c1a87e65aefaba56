"""`glejt wallet`: the holder's agent on the command line, and what it tells of what it holds."""

import asyncio
import json
import os
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from node.adapters.scanner import codes_in
from node.adapters.wallet_file import WalletFile, alone
from node.adapters.wallet_file import restore as restored
from node.app.holding import agent as made
from node.app.holding import invitation as read
from node.cli.did import ask_passphrase, new_passphrase
from node.cli.errors import CliError, describe
from node.cli.files import read_first_line, staged_folder
from node.cli.inputs import read_file, trust_for
from node.cli.invocation import Invocation, path_of
from node.cli.output import visible
from node.config import allows_loopback, wallet_file
from node.credentials.pictures.png import SIGNATURE
from node.didcomm.errors import DidCommError, InvitationError
from node.didcomm.message import Message
from node.documents import JsonObject, JsonValue
from node.proofs.errors import ProofsError
from node.verification.errors import FetchError, UnreachableError
from node.verification.trust import NO_TRUST
from node.verification.wording import wording
from node.wallet.accepting import document_of, whole_of
from node.wallet.agent import Agent
from node.wallet.collecting import be_served, collect
from node.wallet.contents import Held
from node.wallet.disclosed import all_of, in_short
from node.wallet.errors import WalletError

DONE: Final = 0
REFUSED: Final = 1
FAILED: Final = 2
UNKNOWN: Final = 20
UNTOLD: Final = frozenset({"wallet.waiting", "wallet.unverified"})
"""What may be told another time."""
OF_THE_FILE: Final = frozenset(
    {f"wallet.{one}" for one in
     ("absent", "exists", "altered", "damaged", "version", "in_use", "full", "unreadable", "unwritable", "unknown")}
)  # fmt: skip
UNREADABLE: Final = frozenset({"didcomm.invitation.url", "didcomm.invitation.message", "didcomm.invitation.too_long"})
STATUSES: Final[dict[str | None, str]] = {
    "withdrawn": "holder.status_withdrawn",
    "suspended": "holder.status_suspended",
    "reinstated": "holder.status_reinstated",
}
MAX_INVITATION_BYTES: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Place:
    """Which wallet, how its passphrase is come by, and whom its holder trusts."""

    file: str | None
    passphrase_file: str | None
    trust: str | None = None

    @property
    def path(self) -> Path:
        """The file."""
        return path_of(self.file, None) or wallet_file()


type Work = Callable[[Agent], Coroutine[Any, Any, int]]


def with_wallet(invocation: Invocation, place: Place, work: Work) -> int:
    """Open the wallet, do something with its agent, and say what kept it from being done."""
    return telling(invocation, lambda: _worked(invocation, place, work))


def telling(invocation: Invocation, work: Callable[[], int]) -> int:
    """The status of some work on a wallet; what it refuses is told."""
    try:
        return work()
    except (WalletError, DidCommError, FetchError, ProofsError) as error:
        invocation.out.error(describe(error, invocation.words))
        return status_of(error)


def status_of(error: WalletError | DidCommError | FetchError | ProofsError) -> int:
    """The exit status: refused, not to be read, or not to be told now."""
    if isinstance(error, UnreachableError) or error.code in UNTOLD:
        return UNKNOWN
    return FAILED if error.code in OF_THE_FILE | UNREADABLE else REFUSED


def _worked(invocation: Invocation, place: Place, work: Work) -> int:
    trust = trust_for(invocation, place.trust)
    with alone(place.path), _opened(invocation, place) as keep:
        agent = made(keep, trust=trust, online=online(invocation), loopback=loopback())
        return asyncio.run(work(agent))


@contextmanager
def _opened(invocation: Invocation, place: Place) -> Iterator[WalletFile]:
    yield WalletFile.open(place.path, _passphrase(invocation, place))


def _passphrase(invocation: Invocation, place: Place) -> str:
    file = path_of(place.passphrase_file, invocation.settings.passphrase_file)
    if file is not None:
        return read_first_line(file)
    return ask_passphrase(invocation, "remark.passphrase", name=str(place.path))


def online(invocation: Invocation) -> bool:
    """Whether anybody may be asked anything."""
    return not invocation.settings.offline


def loopback() -> bool:
    """Whether this machine's own addresses may be talked to."""
    return allows_loopback(os.environ)


async def invitation(invocation: Invocation, name: str) -> Message:
    """The invitation in an address, in a file, or in the QR code of a picture."""
    text = name
    if not name.lower().startswith(("https://", "http://", "{")):
        data = await asyncio.to_thread(read_file, invocation, name)
        if data.startswith(SIGNATURE):
            codes = await asyncio.to_thread(codes_in, data)
            text = next((each for each in codes if "_oob" in each), "")
            if not text:
                raise CliError("holder.no_code", name=name)
        else:
            if len(data) > MAX_INVITATION_BYTES:
                raise CliError("input.too_large", limit=MAX_INVITATION_BYTES // 1024)
            try:
                text = data.decode()
            except UnicodeDecodeError as error:
                raise InvitationError(f"{name!r:.96} is no text", code="didcomm.invitation.message") from error
    return await read(text, online=online(invocation), loopback=loopback())


def init(invocation: Invocation, place: Place, *, mediator: str | None, as_json: bool) -> int:
    """Make an empty wallet; with a mediator, have it serve this wallet."""

    def work() -> int:
        if place.path.exists():
            WalletFile.create(place.path, "")  # says that there is one, before anybody types a passphrase
        place.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        keep = WalletFile.create(place.path, new_passphrase(invocation, place.passphrase_file))
        served = None
        if mediator is not None:
            agent = made(keep, trust=NO_TRUST, online=online(invocation), loopback=loopback())
            served = asyncio.run(_served(invocation, agent, mediator))
        if as_json:
            invocation.out.answer_json({"wallet": str(place.path), "mediator": served})
        else:
            invocation.out.answer(invocation.words("holder.made", name=visible(place.path)))
            invocation.out.remark("holder.forgotten")
        return DONE

    return telling(invocation, work)


async def _served(invocation: Invocation, agent: Agent, mediator: str) -> str:
    return await be_served(agent, await invitation(invocation, mediator))


def list_held(invocation: Invocation, place: Place, *, as_json: bool) -> int:
    """What is held, a line for each."""

    async def work(agent: Agent) -> int:
        held = list(agent.contents.held.values())
        if as_json:
            listed: list[JsonValue] = [summary(each) for each in held]
            invocation.out.answer_json({"credentials": listed})
            return DONE
        for each in held:
            invocation.out.answer(
                invocation.words("holder.line", id=each.id, name=visible(each.name), issuer=visible(each.issuer))
            )
            if each.status in STATUSES:
                invocation.out.answer(f"   {invocation.words(STATUSES[each.status])}", "amber")
        if not held:
            invocation.out.remark("holder.nothing")
        return DONE

    return with_wallet(invocation, place, work)


def summary(held: Held) -> JsonObject:
    """A credential as a program reads it in a list."""
    return {
        "id": held.id,
        "name": held.name,
        "issuer": held.issuer,
        "credential": held.identifier,
        "holder": held.method.partition("#")[0],
        "status": held.status,
        "receipts": len(held.receipts),
        "receivedAt": held.received_at,
    }


def chosen(agent: Agent, number: str) -> Held:
    """The credential of this number; raises WalletError."""
    held = agent.contents.held.get(number)
    if held is None:
        raise WalletError(
            f"the wallet has no credential {number!r:.32}",
            code="wallet.unknown",
            remedy="Look with glejt wallet list at what it has.",
        )
    return held


def show(invocation: Invocation, place: Place, number: str, *, as_json: bool) -> int:
    """What a credential says, what can be told of it now, and to whom it was shown."""

    async def work(agent: Agent) -> int:
        held = chosen(agent, number)
        report = await agent.judge(await asyncio.to_thread(whole_of, held.credential, agent.jsonld))
        history: list[JsonValue] = [each for each in agent.contents.shown if each.get("credential") == held.id]
        if as_json:
            told = {**summary(held), "document": held.credential, "report": report.to_json(), "shown": history}
            invocation.out.answer_json(told)
            return DONE
        words = invocation.words
        invocation.out.answer(wording(report, words.language).credentials[0].sentence)
        for one in in_short(all_of(document_of(held.credential))):
            invocation.out.answer(f"  {one.told(words.language)}")
        for each in agent.contents.shown:
            if each.get("credential") == held.id:
                invocation.out.answer(words("holder.shown_to", at=visible(each["at"]), to=visible(each["to"])))
        return DONE

    return with_wallet(invocation, place, work)


def receive(invocation: Invocation, place: Place, *, as_json: bool) -> int:
    """Pick up what came."""

    async def work(agent: Agent) -> int:
        found = await collect(agent)
        changed = [agent.contents.held[each] for each in found.changed]
        if as_json:
            credentials: list[JsonValue] = [summary(each) for each in changed]
            unreached: list[JsonValue] = [*found.unreached]
            invocation.out.answer_json({"messages": found.messages, "changed": credentials, "unreached": unreached})
        else:
            invocation.out.answer(invocation.words("holder.received", messages=found.messages, changed=len(changed)))
            for each in changed:
                invocation.out.answer(
                    invocation.words("holder.line", id=each.id, name=visible(each.name), issuer=visible(each.issuer))
                )
                if each.status in STATUSES:
                    invocation.out.answer(f"   {invocation.words(STATUSES[each.status])}", "amber")
        for one in found.unreached:
            invocation.out.remark("holder.unreached", did=one)
        return UNKNOWN if found.unreached else DONE

    return with_wallet(invocation, place, work)


def export(invocation: Invocation, place: Place, folder: str, *, as_json: bool) -> int:
    """Write each credential to a file, with its receipts beside it; nothing secret is in them."""
    path = Path(folder).expanduser()

    async def work(agent: Agent) -> int:
        names: list[JsonValue] = []
        with staged_folder(path) as staged:
            for held in agent.contents.held.values():
                text = held.credential if isinstance(held.credential, str) else json.dumps(held.credential, indent=2)
                name = f"{held.id}.{'txt' if isinstance(held.credential, str) else 'json'}"
                staged.write(name, f"{text}\n".encode())
                names.append(name)
                if held.receipts:
                    staged.write(f"{held.id}.receipts.json", json.dumps([*held.receipts], indent=2).encode())
            staged.release()
        if as_json:
            invocation.out.answer_json({"folder": str(path), "files": names})
        else:
            invocation.out.answer(invocation.words("holder.exported", count=len(names), folder=visible(path)))
            invocation.out.remark("holder.bearers")
        return DONE

    return with_wallet(invocation, place, work)


def backup(invocation: Invocation, place: Place, target: str, *, as_json: bool) -> int:
    """A copy of the wallet under the same passphrase, opened once to be sure."""

    def work() -> int:
        path = Path(target).expanduser()
        with alone(place.path), _opened(invocation, place) as keep:
            keep.copy_to(path)
        if as_json:
            invocation.out.answer_json({"backup": str(path), "checked": True})
        else:
            invocation.out.answer(invocation.words("holder.kept", name=visible(path)))
            invocation.out.remark("holder.forgotten")
        return DONE

    return telling(invocation, work)


def restore(invocation: Invocation, place: Place, source: str, *, as_json: bool) -> int:
    """A wallet of a backup, in a place where none is."""

    def work() -> int:
        if not Path(source).expanduser().exists():
            raise CliError("input.missing", name=source)
        place.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with alone(place.path):
            keep = restored(Path(source).expanduser(), place.path, _passphrase(invocation, place))
        count = len(keep.load().held)
        if as_json:
            invocation.out.answer_json({"wallet": str(place.path), "credentials": count})
        else:
            invocation.out.answer(invocation.words("holder.restored", name=visible(place.path), count=count))
        return DONE

    return telling(invocation, work)
