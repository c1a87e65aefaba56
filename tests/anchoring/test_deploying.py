"""Putting the contracts onto a chain that has none of them, and onto one that has some."""

import asyncio

import pytest
from anvil_support import running_chain
from evm_support import GAS_KEY, Bench

from anchoring.deployments import REGISTRY, TRUST_ANCHOR, Deployment, KeylessDeployment
from anchoring.errors import TransactionError
from anchoring.evm import connected
from anchoring.transactions.deployment import FACTORY, Deployer
from anchoring.transactions.fees import FeeCaps
from node.adapters.gas_signers import HeldGasKey

NAMES = (TRUST_ANCHOR, REGISTRY)
pytestmark = pytest.mark.peer


@pytest.fixture
def anvil():
    with running_chain("--disable-default-create2-deployer") as chain:
        Bench(chain, None).pay()
        yield chain


def _told(anvil, names=NAMES, *, deploy=True, **options):
    told = []

    async def run():
        async def pause():
            anvil.ask("evm_mine")

        async with connected(f"http://127.0.0.1:{anvil.port}") as endpoint:
            deployer = Deployer(endpoint, HeldGasKey(GAS_KEY), anvil.chain.id, pause=pause, **options)
            missing = await deployer.missing(names)
            if deploy:
                await deployer.deploy(names, told.append)
            return missing, await deployer.missing(names)

    return (*asyncio.run(run()), told)


def test_everything_that_is_missing_is_put_there_once(anvil):
    before = int(anvil.ask("eth_getBalance", "0x" + GAS_KEY.address.hex(), "latest"), 16)
    missing, left, told = _told(anvil)
    assert missing.names == (FACTORY, *NAMES) == tuple(told)
    assert missing.coins == KeylessDeployment.factory().cost
    assert left.names == ()
    spent = before - int(anvil.ask("eth_getBalance", "0x" + GAS_KEY.address.hex(), "latest"), 16)
    assert missing.cost * 0.5 < spent < missing.cost * 1.5
    again, _, told = _told(anvil)
    assert (again.names, again.cost, told) == ((), 0, [])


def test_a_run_that_was_cut_off_goes_on(anvil):
    _told(anvil, (REGISTRY,))
    missing, left, told = _told(anvil)
    assert (missing.names, left.names, told) == ((TRUST_ANCHOR,), (), [TRUST_ANCHOR])


def test_coins_that_the_sender_that_nobody_is_has_already_are_not_sent_again(anvil):
    factory = KeylessDeployment.factory()
    anvil.ask("anvil_setBalance", "0x" + factory.sender.hex(), hex(factory.cost - 5))
    missing, left, _ = _told(anvil, (REGISTRY,))
    assert (missing.coins, left.names) == (5, ())


def test_gas_above_the_cap_and_an_empty_account_send_nothing(anvil):
    with pytest.raises(TransactionError, match="above the cap"):
        _told(anvil, caps=FeeCaps(maximum=1))
    anvil.ask("anvil_setBalance", "0x" + GAS_KEY.address.hex(), hex(10**12))
    with pytest.raises(TransactionError, match="are needed"):
        _told(anvil)
    assert _told(anvil, deploy=False)[0].names == (FACTORY, *NAMES)


def test_a_chain_that_makes_no_blocks_is_not_waited_for_without_end(anvil):
    async def run():
        async with connected(f"http://127.0.0.1:{anvil.port}") as endpoint:
            deployer = Deployer(endpoint, HeldGasKey(GAS_KEY), anvil.chain.id, patience=1.2)
            await deployer.deploy(NAMES, print)

    with pytest.raises(TransactionError, match="waited 1 s for the coins"):
        asyncio.run(run())


def test_what_it_takes_at_the_most_follows_from_the_bytes():
    for name in NAMES:
        assert 500_000 < Deployment.named(name).gas < 2**22
