"""The chain that a command of `glejt anchor` is about: which one, how it is reached, who pays, where the journal is.

An embedded chain is called local, and of no public value, in every answer: whoever has the machine can rewrite it.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from anchoring.calls import AuthoritySigner
from anchoring.devchain.label import is_embedded
from anchoring.errors import AnchoringError
from anchoring.ledger import CallProgress, CallState
from anchoring.operations import Operation
from anchoring.transactions.fees import GWEI, FeeCaps
from anchoring.transactions.problems import Problem
from node.adapters.authority_key import read_authority_key
from node.adapters.chain_access import ChainAccess, embedded_chain, has_embedded_chain, listed_chain
from node.app import anchoring_desk
from node.cli.did import ask_passphrase
from node.cli.errors import CliError, Coded, Refused, Unknowable, describe
from node.cli.files import read_first_line, read_input
from node.cli.inputs import trust_for
from node.cli.invocation import Invocation, path_of
from node.cli.output import visible
from node.cli.status import number_between
from node.config import anchoring_folder
from node.credentials.record_name import RecordName
from node.documents import JsonObject
from node.issuance.anchor import Desk, Followed, followed
from node.issuance.errors import IssuanceError, UncheckedError
from node.issuance.namespaces import MAX_BYTES, Namespace
from node.verification.chains import ChainKind, TrustedChain

if TYPE_CHECKING:
    from anchoring.transactions.signing import GasSigner

MAX_KEYSTORE_BYTES: Final = 16 * 1024
MAX_FEE_GWEI: Final = 10**6
MINED_SECONDS: Final = 180.0
"""How long a command that does not wait for the end waits for a block."""
CHAIN_FOLDER: Final = "chain"
JOURNAL: Final = "journal"
_ADDRESS_CHARS: Final = 42


@dataclass(frozen=True, slots=True)
class ChainOptions:
    """What was typed about the chain, the journal and whoever pays."""

    chain: str | None = None
    embedded: str | None = None
    trust: str | None = None
    journal: str | None = None
    gas: str | None = None
    gas_passphrase_file: str | None = None
    web3signer: str | None = None
    gas_address: str | None = None
    fee_cap: str | None = None


@dataclass(frozen=True, slots=True)
class Authority:
    """What was typed about the authority's key."""

    file: str | None = None
    passphrase_file: str | None = None


@dataclass(frozen=True, slots=True)
class Office:
    """A chain, opened for one command."""

    invocation: Invocation
    access: ChainAccess
    desk: Desk
    caps: FeeCaps

    @property
    def chain(self) -> TrustedChain:
        """The chain."""
        return self.access.chain

    async def pause(self) -> None:
        """Wait for the next round."""
        await asyncio.sleep(self.access.pause)

    def require(self, name: RecordName) -> None:
        """Refuse a namespace that is elsewhere."""
        if (name.chain_id, name.contract) != (self.chain.chain.id, self.chain.contract.address):
            raise CliError("anchor.elsewhere", name=name, chain=self.chain.name)

    def network(self) -> JsonObject:
        """The chain, as answers in JSON name it."""
        local = self.chain.kind is ChainKind.LOCAL
        return {
            "name": self.chain.name,
            "id": self.chain.chain.id,
            "kind": self.chain.kind.value,
            "publicValue": not local and self.chain.kind is not ChainKind.TEST,
        }


def run_on_chain(
    invocation: Invocation,
    options: ChainOptions,
    work: Callable[[Office], Coroutine[object, object, int]],
    *,
    name: RecordName | None = None,
    write: bool = True,
) -> int:
    """The status of some work on a chain; what the chain, its nodes or the record refuse is told."""
    try:
        return asyncio.run(_worked(invocation, options, work, name, write=write))
    except UncheckedError as error:
        return _refuse(invocation, error, Unknowable.status)
    except IssuanceError as error:
        return _refuse(invocation, error, Refused.status)
    except AnchoringError as error:
        return _refuse(invocation, error, Unknowable.status if _is_open(error) else CliError.status)


async def _worked(
    invocation: Invocation,
    options: ChainOptions,
    work: Callable[[Office], Coroutine[object, object, int]],
    name: RecordName | None,
    *,
    write: bool,
) -> int:
    async with office(invocation, options, name, write=write) as opened:
        return await work(opened)


@asynccontextmanager
async def office(
    invocation: Invocation, options: ChainOptions, name: RecordName | None = None, *, write: bool = True
) -> AsyncIterator[Office]:
    """The chain that was named: embedded in a folder, or listed in the trust file; else the one that a record is on.

    An embedded chain is made only where something is founded: a misspelt folder is no chain with nothing on it.
    """
    caps = _caps(options)
    if options.chain is not None and options.embedded is not None:
        raise CliError("usage.two_chains")
    if options.embedded is not None or (options.chain is None and (name is None or is_embedded(name.chain_id))):
        folder = _path(options.embedded) or anchoring_folder() / CHAIN_FOLDER
        if (name is not None or not write) and not has_embedded_chain(folder):
            raise CliError("anchor.no_chain", name=folder)
        async with embedded_chain(folder) as access:
            invocation.out.remark("anchor.local", name=folder)
            journal = _path(options.journal) or folder / JOURNAL
            async with anchoring_desk(access, journal, caps) as desk:
                yield Office(invocation, access, desk, caps)
        return
    chain = _listed(invocation, options, name)
    gas = _gas(invocation, options) if write else None
    async with listed_chain(chain, gas=gas, write=write) as access:
        if chain.kind is not ChainKind.PUBLIC:
            invocation.out.remark("anchor.test", name=chain.name)
        journal = _path(options.journal) or anchoring_folder() / _folder_of(chain)
        async with anchoring_desk(access, journal, caps) as desk:
            yield Office(invocation, access, desk, caps)


def namespace_named(text: str | None) -> Namespace:
    """The namespace in a file, or by its name."""
    if text is None:
        raise CliError("usage.missing", name="--namespace")
    if text.startswith("eip155:"):
        return Namespace.parse(text.encode())
    return Namespace.parse(read_input(str(Path(text).expanduser()), limit=MAX_BYTES))


def authority_of(invocation: Invocation, authority: Authority) -> AuthoritySigner:
    """The authority's key, opened."""
    if authority.file is None:
        raise CliError("usage.missing", name="--authority")
    path = Path(authority.file).expanduser()
    held = read_authority_key(path)
    if not held.protected:
        return held.unlock()
    return held.unlock(passphrase_for(invocation, path, authority.passphrase_file))


def passphrase_for(invocation: Invocation, path: Path, passphrase_file: str | None) -> str:
    """The passphrase of a file, from a file of its own or asked for."""
    file = path_of(passphrase_file, invocation.settings.passphrase_file)
    return ask_passphrase(invocation, "remark.passphrase", name=str(path)) if file is None else read_first_line(file)


async def carry_out(
    opened: Office, operation: Operation, signer: AuthoritySigner | None, *, wait: bool
) -> CallProgress | None:
    """Order one operation and follow it; how it stands then, or None where it stood before."""
    call_id = await opened.desk.order(operation, signer)
    if call_id is None:
        return None
    told = await follow(opened, [call_id], wait=wait)
    return told.calls[0]


async def follow(opened: Office, ids: list[bytes], *, wait: bool) -> Followed:
    """Bring calls on until they are final, or only into a block; what stands in the way is said once."""
    told = Followed(())
    if not ids:
        return told
    said: set[str] = set()
    until = CallState.FINALIZED if wait else CallState.MINED
    try:
        async with asyncio.timeout(None if wait else MINED_SECONDS):
            async for told in followed(opened.desk, ids, until, opened.pause):
                for code in dict.fromkeys([*told.alerts, *(call.problem for call in told.calls if call.problem)]):
                    if code not in said:
                        said.add(code)
                        _say_problem(opened, code)
    except TimeoutError:
        opened.invocation.out.remark("anchor.waiting")
    return told


def state_status(opened: Office, calls: tuple[CallProgress, ...]) -> int:
    """The exit status by how calls stand: a refused one, or one that nobody has mined yet."""
    if any(call.state is CallState.REFUSED for call in calls):
        return Refused.status
    if all(call.state in {CallState.MINED, CallState.FINALIZED} for call in calls):
        if any(call.state is CallState.MINED for call in calls):
            opened.invocation.out.remark("anchor.not_final")
        return 0
    return Unknowable.status


def call_json(call: CallProgress | None) -> JsonObject:
    """How a call stands, as answers in JSON tell it."""
    if call is None:
        return {"state": CallState.FINALIZED.value, "transaction": None, "block": None, "problem": None}
    return {
        "state": call.state.value,
        "transaction": None if call.transaction is None else f"0x{call.transaction.hex()}",
        "block": call.block,
        "problem": call.problem,
    }


def call_text(opened: Office, call: CallProgress | None) -> str:
    """How a call stands, in words."""
    words = opened.invocation.words
    if call is None:
        return words("anchor.state.before")
    state = words(f"anchor.state.{call.state.value}")
    return state if call.block is None else f"{state} ({words('anchor.block', number=call.block)})"


def answer_call(opened: Office, call: CallProgress | None, told: JsonObject, *, as_json: bool) -> int:
    """Tell how an operation stands, and the exit status that goes with it."""
    out = opened.invocation.out
    if as_json:
        out.answer_json({"network": opened.network(), **told, **call_json(call)})
    else:
        out.answer(visible(call_text(opened, call)))
    return 0 if call is None else state_status(opened, (call,))


def _say_problem(opened: Office, code: str) -> None:
    """What stands in the way, with what is done about it."""
    remedy = Problem(code).remedy if code in list(Problem) else ""
    words = opened.invocation.words
    key = f"anchor.problem.{code}"
    opened.invocation.out.remark("anchor.problem.said", said=words(key) if key in words else remedy, code=code)


def _is_open(error: AnchoringError) -> bool:
    """Whether trying again may lead further: somebody was not reached, or too few agreed."""
    from anchoring.errors import IndeterminateError, TransactionError  # noqa: PLC0415 -- only where something failed

    return isinstance(error, IndeterminateError | TransactionError)


def _refuse(invocation: Invocation, error: Exception, status: int) -> int:
    if not isinstance(error, Coded):
        raise TypeError(f"{type(error).__name__} has no code") from error
    invocation.out.error(describe(error, invocation.words))
    return status


def _path(name: str | None) -> Path | None:
    return Path(name).expanduser() if name else None


def _folder_of(chain: TrustedChain) -> str:
    return f"{chain.chain.id}-{chain.chain.genesis[:4].hex()}-{chain.contract.address[:4].hex()}"


def _listed(invocation: Invocation, options: ChainOptions, name: RecordName | None) -> TrustedChain:
    """The chain of the trust file, by its name or by its number."""
    trust = trust_for(invocation, options.trust)
    known = ", ".join(chain.name for chain in trust.chains) or "-"
    for chain in trust.chains:
        if chain.name == options.chain or (options.chain is None and name and chain.chain.id == name.chain_id):
            if not chain.rpc:
                raise CliError("anchor.no_nodes", chain=chain.name)
            return chain
    wanted = options.chain or (name.network if name else "")
    raise CliError("anchor.unknown_chain", chain=wanted, known=known)


def _gas(invocation: Invocation, options: ChainOptions) -> "GasSigner":
    """Whoever pays: a keystore, or a Web3Signer that holds the key of an account."""
    from node.adapters.gas_signers import Web3Signer, open_keystore  # noqa: PLC0415 -- only who pays needs it
    from node.adapters.json_rpc.client import JsonRpc  # noqa: PLC0415 -- as above
    from node.adapters.json_rpc.errors import RpcConfigError  # noqa: PLC0415 -- as above

    if (options.gas is None) == (options.web3signer is None):
        raise CliError("usage.gas")
    if options.web3signer is not None:
        address = options.gas_address or ""
        digits = address.removeprefix("0x").lower()
        if len(address) != _ADDRESS_CHARS or set(digits) - set("0123456789abcdef"):
            raise CliError("usage.gas_address", value=address)
        try:
            return Web3Signer(JsonRpc(options.web3signer), bytes.fromhex(digits))
        except RpcConfigError as error:
            raise CliError("usage.web3signer", details=str(error)) from error
    path, file = Path(options.gas or "").expanduser(), _path(options.gas_passphrase_file)
    data = read_input(str(path), limit=MAX_KEYSTORE_BYTES)
    asked = ask_passphrase(invocation, "remark.passphrase", name=str(path)) if file is None else read_first_line(file)
    return open_keystore(data, asked)


def _caps(options: ChainOptions) -> FeeCaps:
    usual = FeeCaps()
    if options.fee_cap is None:
        return usual
    maximum = number_between("--fee-cap", options.fee_cap, 1, MAX_FEE_GWEI) * GWEI
    return FeeCaps(maximum, min(usual.priority, maximum))
