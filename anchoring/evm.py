"""Any chain with EIP-1559 fees, by the address of one of its nodes: the only home of web3.

web3 is loaded where a node is connected to, so whoever only reads does without it. Of its provider nothing but the
transport is used: numbers of transactions are given out here, nothing is looked up that a contract names (CCIP-Read),
and each connection is closed at the end of its round.
"""

import re
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, override

from anchoring.calls import AuthorizedCall
from anchoring.checkpoint import Chain, TrustedBlock
from anchoring.facts import Fact, Question
from anchoring.keccak import keccak256
from anchoring.ledger import CallProgress, LedgerReader
from anchoring.storage_proof import Contract, StorageProof
from anchoring.transactions.endpoint import (
    AlreadyKnownError,
    Head,
    Inclusion,
    NoFundsError,
    NonceTooLowError,
    RejectedError,
    RevertedError,
    UnderpricedError,
    UnreachableError,
)
from anchoring.transactions.fees import GWEI
from anchoring.transactions.machine import Transactions

if TYPE_CHECKING:
    from web3 import AsyncHTTPProvider

REQUEST_SECONDS: Final = 10.0
"""For one answer; nodes answer what is asked here within a second."""
MAX_ANSWER_BYTES: Final = 1024 * 1024
"""The largest answer is a contract's code, of some 48 kB as text; a receipt has a few."""
MAX_SAID_CHARS: Final = 160
"""How much of a node's own words is repeated."""
USUAL_TIP: Final = GWEI
"""Where a node suggests none."""
_NUMBER: Final = re.compile(r"0x[0-9a-fA-F]{1,64}")
_METHOD_NOT_FOUND: Final = -32601
_EXECUTION_REVERTED: Final = 3

# What nodes say differs by client (geth, Nethermind, Besu, Erigon, Reth, anvil), and codes hardly tell anything apart.
_REJECTIONS: Final = (
    (AlreadyKnownError, ("already known", "already imported", "known transaction", "alreadyknown", "already_exists")),
    (NonceTooLowError, ("nonce too low", "nonce is too low", "oldnonce", "old nonce", "nonce below")),
    (
        UnderpricedError,
        ("underpriced", "fee too low", "feetoolow", "less than block base fee", "price too low", "fee cap less than"),
    ),
    (NoFundsError, ("insufficient funds", "insufficientfunds", "insufficient balance", "exceeds account balance")),
)


class EvmEndpoint:
    """One node, connected."""

    def __init__(self, provider: "AsyncHTTPProvider", name: str) -> None:
        self._provider = provider
        self._name = name

    async def chain(self) -> Chain:
        """The chain that the node is on."""
        genesis = await self._object("eth_getBlockByNumber", "0x0", False)
        return Chain(await self._number("eth_chainId"), self._bytes(genesis.get("hash"), 32))

    async def code_hash(self, address: bytes) -> bytes:
        """Keccak-256 of the code at an address."""
        return keccak256(self._bytes(await self._ask("eth_getCode", _hex(address), "latest")))

    async def head(self) -> Head:
        """The latest block."""
        block = await self._object("eth_getBlockByNumber", "latest", False)
        if "baseFeePerGas" not in block:
            raise UnreachableError(f"{self._name} is on a chain without base fees, which is not supported")
        return Head(
            self._quantity(block.get("number")),
            self._bytes(block.get("hash"), 32),
            self._quantity(block.get("timestamp")),
            self._quantity(block["baseFeePerGas"]),
        )

    async def nonce(self, account: bytes, *, pending: bool) -> int:
        """How many transactions of the account are in blocks, or also in line."""
        return await self._number("eth_getTransactionCount", _hex(account), "pending" if pending else "latest")

    async def balance(self, account: bytes) -> int:
        """What the account has."""
        return await self._number("eth_getBalance", _hex(account), "latest")

    async def priority_fee(self) -> int:
        """The tip that the node suggests, or a usual one."""
        try:
            return await self._number("eth_maxPriorityFeePerGas")
        except _RpcError as error:
            if error.number != _METHOD_NOT_FOUND:
                raise
            return USUAL_TIP

    async def estimate(self, sender: bytes, to: bytes, data: bytes) -> int:
        """The gas that the call takes; raises RevertedError."""
        try:
            return await self._number("eth_estimateGas", {"from": _hex(sender), "to": _hex(to), "data": _hex(data)})
        except _RpcError as error:
            if error.number == _EXECUTION_REVERTED or "revert" in str(error).lower():
                raise RevertedError(str(error), _reason(error.data)) from error
            raise

    async def send(self, raw: bytes) -> None:
        """Hand a signed transaction over."""
        try:
            await self._ask("eth_sendRawTransaction", _hex(raw))
        except _RpcError as error:
            said = str(error).lower()
            for kind, phrases in _REJECTIONS:
                if any(phrase in said for phrase in phrases):
                    raise kind(str(error)) from error
            raise RejectedError(str(error)) from error

    async def inclusion(self, transaction: bytes) -> Inclusion | None:
        """Where a transaction stands."""
        receipt = await self._ask("eth_getTransactionReceipt", _hex(transaction))
        if receipt is None or (isinstance(receipt, dict) and receipt.get("blockHash") is None):
            return None
        if not isinstance(receipt, dict):
            raise self._nonsense("eth_getTransactionReceipt", receipt)
        return Inclusion(
            self._quantity(receipt.get("blockNumber")),
            self._bytes(receipt.get("blockHash"), 32),
            self._quantity(receipt.get("status")) == 1,
        )

    async def known(self, transaction: bytes) -> bool:
        """Whether the node has a transaction."""
        return await self._ask("eth_getTransactionByHash", _hex(transaction)) is not None

    async def _ask(self, method: str, *params: Any) -> Any:  # noqa: ANN401 - JSON of somebody else's
        """The result of one call; raises UnreachableError, of which _RpcError is one, where there is none."""
        from aiohttp import ClientError  # noqa: PLC0415 - comes with web3
        from web3.exceptions import Web3Exception  # noqa: PLC0415 - likewise
        from web3.types import RPCEndpoint  # noqa: PLC0415 - likewise

        try:
            answer = await self._provider.make_request(RPCEndpoint(method), list(params))
        except (ClientError, Web3Exception, TimeoutError, OSError, ValueError, RecursionError) as error:
            why = str(error)[:MAX_SAID_CHARS] or type(error).__name__
            raise UnreachableError(f"{self._name} does not answer {method}: {why}") from error
        said: Any = answer
        if not isinstance(said, dict) or ("result" not in said and "error" not in said):
            raise self._nonsense(method, said)
        failure = said.get("error")
        if failure is None:
            return said.get("result")
        if not isinstance(failure, dict):
            raise self._nonsense(method, failure)
        raise _RpcError(self._name, method, failure)

    async def _number(self, method: str, *params: Any) -> int:  # noqa: ANN401 - JSON
        return self._quantity(await self._ask(method, *params))

    async def _object(self, method: str, *params: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
        answer = await self._ask(method, *params)
        if not isinstance(answer, dict):
            raise self._nonsense(method, answer)
        return answer

    def _quantity(self, value: object) -> int:
        if not isinstance(value, str) or not _NUMBER.fullmatch(value):
            raise self._nonsense("a number", value)
        return int(value, 16)

    def _bytes(self, value: object, length: int | None = None) -> bytes:
        try:
            data = bytes.fromhex(value.removeprefix("0x")) if isinstance(value, str) else None
        except ValueError as error:
            raise self._nonsense("bytes", value) from error
        if data is None or length not in (None, len(data)):
            raise self._nonsense("bytes", value)
        return data

    def _nonsense(self, asked: str, answer: object) -> UnreachableError:
        return UnreachableError(f"{self._name} answers {ascii(answer)[:MAX_SAID_CHARS]} where {asked} was asked for")


class _RpcError(UnreachableError):
    """The node answers with an error; where that is an answer to the question, another one is raised instead."""

    def __init__(self, name: str, method: str, failure: dict[str, Any]) -> None:
        said = failure.get("message")
        super().__init__(f"{name} answers {method} with: {str(said)[:MAX_SAID_CHARS]}")
        self.number = failure.get("code")
        self.data = failure.get("data")


@asynccontextmanager
async def connected(url: str, *, name: str | None = None) -> AsyncIterator[EvmEndpoint]:
    """A node, until the end of the block. `name` stands for the URL in messages, as that may hold a password."""
    from aiohttp import ClientSession, ClientTimeout  # noqa: PLC0415 - comes with web3
    from web3 import AsyncHTTPProvider  # noqa: PLC0415 - 0.8 s that only a sender should pay
    from web3.types import RPCEndpoint, RPCResponse  # noqa: PLC0415 - likewise

    session = ClientSession(timeout=ClientTimeout(total=REQUEST_SECONDS))

    class Provider(AsyncHTTPProvider):
        """Asks over a session of ours: web3's takes a lock of the whole process, and a cancelled question keeps it."""

        @override
        async def make_request(self, method: RPCEndpoint, params: Any) -> RPCResponse:
            message, headers = self.encode_rpc_request(method, params), self.get_request_headers()
            body = bytearray()
            async with session.post(url, data=message, headers=headers, allow_redirects=False) as response:
                response.raise_for_status()
                async for piece in response.content.iter_any():
                    body += piece
                    if len(body) > MAX_ANSWER_BYTES:
                        raise ValueError(f"more than {MAX_ANSWER_BYTES} bytes")
            return self.decode_rpc_response(bytes(body))

        @override
        async def disconnect(self) -> None:
            await session.close()

    provider = Provider(url, exception_retry_configuration=None)
    provider.global_ccip_read_enabled = False
    try:
        yield EvmEndpoint(provider, name or _host(url))
    finally:
        await provider.disconnect()


@dataclass(frozen=True, slots=True)
class EvmLedger:
    """A chain that is read, proven, through `reader`, and written to through `transactions`."""

    reader: LedgerReader
    transactions: Transactions

    @property
    def chain(self) -> Chain:
        """The chain."""
        return self.reader.chain

    @property
    def contract(self) -> Contract:
        """The contract on it."""
        return self.reader.contract

    async def final_block(self) -> TrustedBlock:
        """The latest block that the chain will not take back."""
        return await self.reader.final_block()

    async def answer(self, question: Question, block: TrustedBlock) -> Fact | None:
        """What the contract's storage said at the end of this block, proven."""
        return await self.reader.answer(question, block)

    async def prove(self, questions: Iterable[Question], block: TrustedBlock) -> StorageProof:
        """One proof of the answers to all of these questions at the end of this block."""
        return await self.reader.prove(questions, block)

    async def submit(self, call: AuthorizedCall) -> bytes:
        """Take a call over; durable once it returns."""
        return await self.transactions.submit(call)

    async def advance(self) -> tuple[CallProgress, ...]:
        """Do what is to be done next; `problem` is a code of `anchoring.transactions.problems`."""
        return (await self.transactions.round()).calls


def _host(url: str) -> str:
    """The host and port alone: user names, paths and queries hold keys."""
    return url.partition("://")[2].partition("/")[0].rpartition("@")[2]


def _hex(data: bytes) -> str:
    return f"0x{data.hex()}"


def _reason(data: object) -> bytes:
    """The contract's error out of what a node puts beside its own; some wrap it once more."""
    if isinstance(data, dict):
        data = data.get("data", data.get("result"))
    try:
        return bytes.fromhex(data.removeprefix("0x")) if isinstance(data, str) else b""
    except ValueError:
        return b""
