"""One node of a chain: what it says is taken apart here, and whatever can be shown is shown before it is handed on.

Which block is final it can only claim, so that takes several nodes (`reader`). Everything about a block whose hash is
trusted it has to prove: the header by its hash, storage and receipts by their roots.

Spec: https://ethereum.github.io/execution-apis/, https://eips.ethereum.org/EIPS/eip-1186
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NoReturn

from anchoring import rlp
from anchoring.checkpoint import CLOCK_SKEW, Chain, TrustedBlock
from anchoring.errors import AnchoringError, StorageProofError, shown
from anchoring.event_proof import EventProof
from anchoring.header import Header
from anchoring.identity_registry import BlockEvents
from anchoring.keccak import keccak256
from anchoring.storage_proof import Contract, StorageProof, proven
from anchoring.trie_build import BuiltTrie
from node.adapters.json_rpc.block_header import header_bytes
from node.adapters.json_rpc.block_receipts import ReceiptsError, ReceiptTypeError, encoded_receipts
from node.adapters.json_rpc.client import MAX_BODY_BYTES, Call, JsonRpc
from node.adapters.json_rpc.errors import bad_answer, other_chain
from node.adapters.json_rpc.hexadecimal import HexError, from_bytes, to_bytes, to_number
from node.documents import JsonObject, JsonValue
from node.verification.sources import Clock

_HASH_BYTES: Final = 32
_NOT_THERE: Final = frozenset({"storage_proof.absent_account", "storage_proof.code_hash"})


@dataclass(frozen=True, slots=True)
class View:
    """What a node says of its chain: claims, of which only that each header has its hash is shown."""

    final: Header
    blocks: Mapping[int, Header]
    """By number, the blocks that were asked for."""


@dataclass(frozen=True, slots=True)
class ChainNode:
    """A node, and the chain and contract that it has to be one of.

    `light` is for the administrator's own light client: it keeps no first block that it could be known by.
    """

    rpc: JsonRpc
    chain: Chain
    contract: Contract
    now: Clock
    light: bool = False

    async def view(self, numbers: Collection[int] = (), *, code: bool = False) -> View:
        """The last final block, and the blocks with these numbers; `code` looks at the contract's too.

        With every answer the node says again which chain it is of: behind one address there may be many nodes.

        1. The chain has the right number and first block.
        2. The contract has the right code.
        3. Every block's header has the hash that is given for it, and the number that was asked for.
        4. No block lies ahead of our clock, and none behind the final one is said to be final.
        """
        calls = [Call("eth_chainId"), _by_number("finalized"), *(_by_number(hex(number)) for number in numbers)]
        if code:
            calls.append(Call("eth_getCode", (from_bytes(self.contract.address), "latest")))
        if not self.light:
            calls.append(_by_number("0x0"))
        answers = await self.rpc.batch(calls)
        self._check_chain(answers[0], None if self.light else answers.pop())  # 1.
        if code:
            self._check_code(answers.pop())  # 2.
        final, *blocks = (self._header(answer) for answer in answers[1:])  # 3.
        for number, header in zip(numbers, blocks, strict=True):
            if header.number != number:
                self._bad("block", f"answers with block {header.number} where block {number} was asked for")
        latest = self.now().timestamp() + CLOCK_SKEW.total_seconds()  # 4.
        if any(header.timestamp > latest for header in (final, *blocks)):
            self._bad("future", "says that a block is there which lies ahead of this machine's clock")
        return View(final, {header.number: header for header in blocks})

    async def header(self, block: TrustedBlock) -> bytes:
        """The header of a trusted block, which has its hash."""
        return self._trusted(await self.rpc.call("eth_getBlockByHash", from_bytes(block.hash), False), block)

    async def storage(self, contract: Contract, slots: Sequence[bytes], block: TrustedBlock) -> StorageProof:
        """The proof of these slots at the end of a trusted block, which holds: it has been read."""
        told, answer = await self.rpc.batch(
            [
                Call("eth_getBlockByHash", (from_bytes(block.hash), False)),
                Call(
                    "eth_getProof",
                    (from_bytes(contract.address), [from_bytes(slot) for slot in slots], hex(block.number)),
                ),
            ]
        )
        header = self._trusted(told, block)
        match answer:
            case {"accountProof": list(account), "storageProof": list(entries)} if len(entries) == len(slots):
                pass
            case _:
                self._bad("proof", f"answers with something that is no proof of {len(slots)} slots")
        try:
            paths = {slot: _path(entry) for slot, entry in zip(slots, entries, strict=True)}
            proof = StorageProof.bundle(header, [to_bytes(node) for node in account], paths)
            proven(proof, block_hash=block.hash, contract=contract, slots=slots)
        except StorageProofError as error:
            if error.code in _NOT_THERE:
                raise other_chain(self.rpc.name, "code", f"shows that the contract is not there: {error}") from error
            self._bad("proof", f"proves something else: {error}", error)
        except (AnchoringError, HexError) as error:
            self._bad("proof", f"proves nothing: {error}", error)
        return proof

    async def events(self, block: TrustedBlock) -> BlockEvents:
        """The receipts of all transactions of a trusted block, shown to be all, and to be so."""
        told, answer = await self.rpc.batch(
            [
                Call("eth_getBlockByHash", (from_bytes(block.hash), False)),
                Call("eth_getBlockReceipts", (hex(block.number),)),
            ],
            max_bytes=MAX_BODY_BYTES,
        )
        data = self._trusted(told, block)
        try:
            receipts = encoded_receipts(answer)
        except ReceiptTypeError as error:
            self._bad("receipt_type", f"answers with {error}", error)
        except (ReceiptsError, HexError) as error:
            self._bad("receipts", f"answers with {error}", error)
        trie = BuiltTrie({rlp.encode_integer(index): receipt for index, receipt in enumerate(receipts)})
        if trie.root != Header.parse(data).receipts_root:
            self._bad("receipts", f"answers with receipts that are not those of block {block.number}")
        # These are all nodes of the trie, so they also show that there is nothing behind the last.
        paths = (trie.proof(rlp.encode_integer(index)) for index in range(len(receipts)))
        nodes = dict.fromkeys(node for path in paths for node in path)
        return BlockEvents(len(receipts), EventProof(data, tuple(nodes)))

    def _check_chain(self, chain_id: JsonValue, first: JsonValue) -> None:
        try:
            number = to_number(chain_id)
            genesis = None if self.light else to_bytes(_object(first).get("hash"), _HASH_BYTES)
        except HexError as error:
            self._bad("shape", f"says of its chain {error}", error)
        if number != self.chain.id:
            raise other_chain(self.rpc.name, "chain_id", f"is of chain {number}, not of chain {self.chain.id}")
        if genesis is not None and genesis != self.chain.genesis:
            raise other_chain(
                self.rpc.name, "genesis", f"has the first block {shown(genesis)}, not {shown(self.chain.genesis)}"
            )

    def _check_code(self, code: JsonValue) -> None:
        try:
            code_hash = keccak256(to_bytes(code))
        except HexError as error:
            self._bad("shape", f"says of the contract {error}", error)
        if code_hash != self.contract.code_hash:
            raise other_chain(
                self.rpc.name, "code", f"has other code at {shown(self.contract.address)}, or none: {shown(code_hash)}"
            )

    def _header(self, block: JsonValue) -> Header:
        try:
            return Header.parse(header_bytes(_object(block)))
        except (AnchoringError, HexError) as error:
            self._bad("header", f"answers with {error}", error)

    def _trusted(self, told: JsonValue, block: TrustedBlock) -> bytes:
        """The bytes of the trusted block's header."""
        try:
            data = header_bytes(_object(told))
            block.header(data)
        except (AnchoringError, HexError) as error:
            self._bad("header", f"does not have block {block.number}: {error}", error)
        return data

    def _bad(self, kind: str, what: str, cause: BaseException | None = None) -> NoReturn:
        raise bad_answer(self.rpc.name, kind, what) from cause


def _by_number(tag: str) -> Call:
    return Call("eth_getBlockByNumber", (tag, False))


def _object(value: JsonValue) -> JsonObject:
    if not isinstance(value, dict):
        raise HexError("nothing where a block has to be" if value is None else "something that is no block")
    return value


def _path(entry: JsonValue) -> list[bytes]:
    match entry:
        case {"proof": list(nodes)}:
            return [to_bytes(node) for node in nodes]
        case _:
            raise HexError("an entry that is no proof of a slot")
