"""The embedded chain of a folder, as a chain that the verifier trusts: who names the folder says that it is his own.

That holds for one run, and for nobody else. Without it nothing on such a chain counts, unless a trust file lists it.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

from anchoring.checkpoint import TrustedBlock
from anchoring.facts import StateOf
from anchoring.header import Header
from anchoring.ledger import LedgerReader
from node.adapters.chain_access import EMBEDDED, embedded_chain, has_embedded_chain, numbered_block
from node.cli.errors import CliError, Unknowable
from node.cli.invocation import Invocation
from node.verification.chains import ChainKind, TrustedChain
from node.verification.trust import Trust


async def with_embedded[T](
    invocation: Invocation, trust: Trust, name: str, work: Callable[[Trust, LedgerReader], Awaitable[T]]
) -> T:
    """What some work comes to, by this trust and the chain in a folder, which is there before."""
    async with embedded_chain(_folder(name)) as access:
        invocation.out.remark("anchor.local", name=name)
        return await work(trusting(trust, access.chain), access.reader)


def trusting(trust: Trust, own: TrustedChain) -> Trust:
    """The same trust, and a chain of one's own; what a trust file says of it beside its kind and its nodes stays."""
    listed = trust.chain(own.chain.id)
    if listed is None:
        return replace(trust, chains=(*trust.chains, own))
    if listed.chain != own.chain:
        raise CliError("anchor.other_genesis", name=listed.name)
    known = replace(
        listed,
        kind=ChainKind.LOCAL,
        contract=own.contract,
        registry=own.registry or listed.registry,
        rpc=(),
        quorum=own.quorum,
        light_client=False,
    )
    return replace(trust, chains=tuple(known if each is listed else each for each in trust.chains))


async def embedded_block(invocation: Invocation, name: str, number: int | None) -> tuple[TrustedBlock, Header]:
    """The last block of the chain in a folder, or the one with a number; each is final."""
    async with embedded_chain(_folder(name)) as access:
        invocation.out.remark("anchor.local", name=name)
        last = await access.reader.final_block()
        if number is not None and number > last.number:
            raise Unknowable("checkpoint.unagreed", name=EMBEDDED, details=f"its last block is {last.number}")
        block = last if number is None else await numbered_block(access, number)
        proof = await access.reader.prove([StateOf(bytes(32))], block)
        return block, block.header(proof.header)


def chain_lines(block: TrustedBlock) -> str:
    """What somebody else writes into a trust file, to whom a block of this chain is to count."""
    lines = [
        "[[chains]]",
        f'name = "{EMBEDDED}"',
        f"id = {block.chain.id}",
        f'genesis = "0x{block.chain.genesis.hex()}"',
        f'kind = "{ChainKind.LOCAL.value}"',
        "",
        "[[chains.blocks]]",
        f"number = {block.number}",
        f'hash = "0x{block.hash.hex()}"',
    ]
    return "\n".join(lines)


def _folder(name: str) -> Path:
    folder = Path(name).expanduser()
    if not has_embedded_chain(folder):
        raise CliError("anchor.no_chain", name=folder)
    return folder
