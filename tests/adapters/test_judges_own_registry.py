"""Identities on the node's own chain are read in the processes, out of what that chain shows, and proven."""

import asyncio
import time

import pytest

from anchoring.devchain.opening import opened
from anchoring.registry_calls import SetAttribute, call_data
from anchoring.transactions.fees import GWEI, Fees
from anchoring.transactions.signing import Transaction
from did_methods.curves import KeyType
from did_methods.ethr import key_attribute
from did_methods.multibase import from_base58
from did_methods.multikey import PrivateKey
from node.adapters.judging.answers import Answers
from node.adapters.judging.errands import Errands
from node.adapters.judging.protocol import Failure, OwnEventsNeed, need_from_json, need_json
from node.adapters.judging.service import Judging
from node.verification.chains import ChainKind, TrustedChain
from node.verification.trust import Trust

FIRST, SECOND = (PrivateKey.generate(KeyType.ED25519).public for _ in range(2))
YEAR = 365 * 86_400


async def changed(chain, nonce, key):
    """Have the account that the chain comes with write a key of its own into the registry."""
    call = call_data(SetAttribute(chain.gas_account.address, *key_attribute(key), YEAR))
    given = {"gas": 200_000, "fees": Fees(10 * GWEI, GWEI)}
    transaction = Transaction(chain.chain.id, nonce, chain.registry.address, call, **given)
    async with chain.connect() as endpoint:
        await endpoint.send(await chain.gas_account.sign(transaction))


async def next_nonce(chain):
    async with chain.connect() as endpoint:
        return await endpoint.nonce(chain.gas_account.address, pending=True)


def keys(resolution):
    assert resolution.problem is None, resolution
    found = resolution.document["verificationMethod"]
    return [from_base58(method["publicKeyBase58"]) for method in found if "publicKeyBase58" in method]


def trusting(chain):
    return Trust(
        chains=(TrustedChain("embedded", chain.chain, ChainKind.LOCAL, chain.contract, registry=chain.registry),)
    )


def test_an_identity_is_read_as_it_is_and_was(tmp_path):
    async def story():
        clock = [time.time() - 3600]
        async with opened(tmp_path, clock=lambda: clock[0]) as chain:
            address = chain.gas_account.address.hex()
            did = f"did:ethr:{hex(chain.chain.id)}:0x{address}"
            nobody = f"did:ethr:{hex(chain.chain.id)}:0x{'11' * 20}"
            elsewhere = f"did:ethr:0x7a69:0x{address}"
            async with Judging(trust=trusting(chain), chain=chain, size=1, seconds=20.0) as judges:
                before = await judges.resolve(did)
                nonce = await next_nonce(chain)
                for offset, key in enumerate((FIRST, SECOND)):
                    clock[0] += 60
                    await changed(chain, nonce + offset, key)
                    if not offset:
                        first = (await chain.final_block()).number
                judges._errands.answers = Answers()  # as after the seconds for which they are kept
                return (
                    before,
                    await judges.resolve(did),
                    await judges.resolve(f"{did}?versionId={first}"),
                    await judges.resolve(nobody),
                    await judges.resolve(elsewhere),
                )

    before, now, earlier, nobody, elsewhere = asyncio.run(story())
    assert keys(before) == []
    assert keys(now) == [FIRST.raw, SECOND.raw]
    assert keys(earlier) == [FIRST.raw]
    assert keys(nobody) == []
    assert len(nobody.document["verificationMethod"]) == 1
    assert elsewhere.problem is not None


def test_nothing_else_of_a_chain_is_brought(tmp_path):
    async def story():
        async with opened(tmp_path) as chain, Errands(Trust(), chain=chain) as errands:
            last = (await chain.final_block()).number
            needs = [OwnEventsNeed(chain.chain.id, number) for number in (last, last + 1, -1)]
            needs.append(OwnEventsNeed(chain.chain.id + 1, last))
            return [await errands._happened(need) for need in needs]

    there, *others = asyncio.run(story())
    assert isinstance(there, bytes)
    assert all(isinstance(each, Failure) for each in others)


def test_such_a_need_is_told_and_heard_as_it_is():
    need = OwnEventsNeed(7, 3)
    assert need_from_json(need_json(need)) == need
    for wrong in (["events", 7], ["events", "7", 3], ["events", 7, 3, 4]):
        with pytest.raises(ValueError, match="nothing that is brought"):
            need_from_json(wrong)
