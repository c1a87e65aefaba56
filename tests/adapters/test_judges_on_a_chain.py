"""Questions to nodes of a chain go by the pool: the process words and reads them, and knows no address with a key."""

import asyncio
import time
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from anvil_support import running_chain
from judges_support import raw
from verification_support import credential, party

from anchoring.registry_calls import SetAttribute, call_data
from did_methods.curves import KeyType
from did_methods.ethr import key_attribute
from did_methods.multikey import PrivateKey
from node.adapters.judging.service import Judging
from node.ports.judging import Question
from node.verification.chains import ChainKind, TrustedChain
from node.verification.policy import built_in
from node.verification.trust import Trust

pytestmark = pytest.mark.peer

KEY = PrivateKey.generate(KeyType.ED25519)
YEAR = 365 * 86_400


@pytest.fixture(scope="module")
def told():
    """An identity with a key of its own, on a chain with our contract."""
    with running_chain("--slots-in-an-epoch", "1", "--timestamp", str(int(time.time()) - 3600)) as chain:
        chain.ask("anvil_setBlockTimestampInterval", 12)
        contract, registry = chain.deploy("TrustAnchor"), chain.deploy("EthereumDIDRegistry")
        identity = chain.accounts[2]
        chain.send(registry.address, call_data(SetAttribute(identity, *key_attribute(KEY.public), YEAR)), sender=2)
        chain.ask("anvil_mine", "0x4")
        trusted = TrustedChain(
            "test", chain.chain, ChainKind.LOCAL, contract, rpc=(f"http://127.0.0.1:{chain.port}",), registry=registry
        )
        yield SimpleNamespace(did=f"did:ethr:0x7a69:0x{identity.hex()}", trust=Trust(chains=(trusted,)), chain=chain)


def test_an_identity_is_read_from_nodes_and_asked_for_once(told):
    issuer = party(1, told.did)
    asked = []

    async def story():
        async with Judging(trust=told.trust, size=1, seconds=20.0) as service:
            (node,) = service._errands._nodes.values()
            deliver = node.deliver

            async def counting(message, max_bytes):
                asked.append(message)
                return await deliver(message, max_bytes)

            service._errands._nodes = {place: SimpleNamespace(deliver=counting) for place in service._errands._nodes}
            resolved = await service.resolve(told.did)
            first = len(asked)
            document = {
                **credential(issuer),
                "proof": {"type": "DataIntegrityProof", "verificationMethod": f"{told.did}#x"},
            }
            question = Question(policy=built_in(), at=datetime.now(UTC))
            examined = await service.examine(raw(document), question)
            return resolved, first, examined

    resolved, first, examined = asyncio.run(story())
    assert resolved.problem is None
    assert [method["id"].partition("#")[2] for method in resolved.document["verificationMethod"]] == [
        "controller", "delegate-1",
    ]  # fmt: skip
    assert 2 <= first == len(asked)  # what one task asked, another of the same minute is told
    assert examined.verdict != "accepted"


def test_a_chain_whose_nodes_are_away_is_unknown(told):
    async def story():
        async with Judging(trust=told.trust, size=1, seconds=20.0) as service:
            service._errands._nodes = {}
            return await service.resolve(told.did)

    assert asyncio.run(story()).problem.endswith("INTERNAL_ERROR")
