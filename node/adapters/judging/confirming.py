"""What chains hold, where a process that reads strangers' documents says that it saw something new there.

It was perhaps overcome by what it read. So nothing is remembered on its word: a process that reads no stranger's
document asks the chains again, and what it finds is remembered.
"""

from typing import Final

from anchoring.errors import AnchoringError
from anchoring.facts import HeadOf, StatusHead
from anchoring.ledger import LedgerReader
from node.adapters.judging.protocol import Confirm
from node.verification.chains import TrustedChain
from node.verification.seen import Seen, SeenBlock, SeenHead
from node.verification.sources import Sources
from node.verification.trust import Trust

MAX_CONFIRMED: Final = 64
"""Heads of one answer, as many as a chain is asked about at once."""


async def confirmed(job: Confirm, trust: Trust, sources: Sources) -> Seen:
    """The heads and blocks that these chains show now; a chain that cannot be asked tells nothing."""
    heads: list[SeenHead] = []
    blocks: list[SeenBlock] = []
    for chain in trust.chains:
        reader = sources.ledger(chain) if chain.chain.id in job.chains else None
        if reader is None:
            continue
        asked = [head for head in job.heads if head.chain_id == chain.chain.id and _is_of(head, chain)]
        try:
            found, block = await _read(reader, chain, asked[:MAX_CONFIRMED])
        except AnchoringError:
            continue
        heads += found
        blocks.append(block)
    return Seen(tuple(heads), tuple(blocks))


async def _read(reader: LedgerReader, chain: TrustedChain, asked: list[SeenHead]) -> tuple[list[SeenHead], SeenBlock]:
    block = await reader.final_block()
    found: list[SeenHead] = []
    for head in asked:
        fact = await reader.answer(HeadOf(head.namespace, head.list_id), block)
        if isinstance(fact, StatusHead):
            found.append(
                SeenHead(
                    chain.chain.id,
                    chain.chain.genesis,
                    head.contract,
                    head.namespace,
                    head.list_id,
                    fact.era,
                    fact.version,
                    fact.digest,
                    fact.time,
                )
            )
    return found, SeenBlock(chain.chain.id, chain.chain.genesis, block.number, block.hash)


def _is_of(head: SeenHead, chain: TrustedChain) -> bool:
    return head.genesis == chain.chain.genesis and head.contract == chain.contract.address
