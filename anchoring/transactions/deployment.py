"""Putting our contracts onto a chain where they are missing: anybody can, and nobody can put something else there.

What stands is seen by the hash of its code, so a run that was cut off is simply run again.

Spec: docs/adr/0015-one-address-on-every-chain.md
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from anchoring.deployments import Deployment, KeylessDeployment
from anchoring.errors import TransactionError, shown
from anchoring.transactions.endpoint import AlreadyKnownError, Endpoint, NonceTooLowError
from anchoring.transactions.fees import FeeCaps, offered
from anchoring.transactions.signing import GasSigner, Transaction

FACTORY: Final = "Create2Factory"
TRANSFER_GAS: Final = 21_000
LONGEST_WAIT: Final = 600.0
"""For one transaction to come into a block, in seconds; after that it is better to look why."""

type Pause = Callable[[], Awaitable[None]]
"""Waits for a while before looking again."""


async def _second() -> None:
    await asyncio.sleep(1.0)


@dataclass(frozen=True, slots=True)
class Missing:
    """What is not there yet, and what it costs to put it there, in wei: at most, and as things are now."""

    names: tuple[str, ...]
    gas: int
    coins: int
    """Coins that go along, for the transaction that nobody signed."""
    price: int
    """Of a unit of gas in the next block."""
    balance: int
    """Of the account that pays."""

    @property
    def cost(self) -> int:
        """All of it at the present price."""
        return self.gas * self.price + self.coins


@dataclass(frozen=True, slots=True)
class Deployer:
    """Puts contracts onto the chain of one node, paid for by one account."""

    endpoint: Endpoint
    signer: GasSigner
    chain_id: int
    caps: FeeCaps = field(default_factory=FeeCaps)
    pause: Pause = _second
    patience: float = LONGEST_WAIT

    async def missing(self, names: Sequence[str]) -> Missing:
        """What of these is not there, and what it would cost."""
        head, tip = await self.endpoint.head(), await self.endpoint.priority_fee()
        factory, absent = KeylessDeployment.factory(), []
        gas = coins = 0
        for name in names:
            deployment = Deployment.named(name)
            if await self.endpoint.code_hash(deployment.contract.address) != deployment.contract.code_hash:
                absent.append(name)
                gas += deployment.gas
        if absent and await self.endpoint.code_hash(factory.contract.address) != factory.contract.code_hash:
            absent.insert(0, FACTORY)
            coins = max(factory.cost - await self.endpoint.balance(factory.sender), 0)
            gas += TRANSFER_GAS if coins else 0
        balance = await self.endpoint.balance(self.signer.address)
        return Missing(tuple(absent), gas, coins, head.base_fee + tip, balance)

    async def deploy(self, names: Sequence[str], done: Callable[[str], None]) -> None:
        """Put those of these there that are missing; `done` is told of each. Raises TransactionError, EndpointError.

        1. Whatever the account sent before comes first, so that nothing is sent twice.
        2. The factory, by the transaction that nobody signed: its sender gets the coins that it takes.
        3. The contracts, through the factory.
        4. Each is there once its code is; by whom it was put there makes no difference.
        """
        await self._until(self._idle, "transactions of this account that wait already")  # 1.
        missing = await self.missing(names)
        # The transaction that nobody signed has a high price: on a quiet chain nodes suggest the like of it thereafter.
        tip = await self.endpoint.priority_fee()
        if FACTORY in missing.names:  # 2.
            await self._deploy_factory(missing.coins, tip)
            done(FACTORY)
        for name in missing.names:
            if name != FACTORY:  # 3.
                deployment = Deployment.named(name)
                needed = await self.endpoint.estimate(self.signer.address, deployment.factory, deployment.data)
                gas = min(needed + needed // 4, max(deployment.gas, needed))
                await self._send(deployment.factory, deployment.data, tip, gas=gas)
                await self._until(lambda made=deployment: self._stands(made), name)  # type: ignore[misc]  # 4.
                done(name)

    async def _deploy_factory(self, coins: int, tip: int) -> None:
        factory = KeylessDeployment.factory()
        if coins:
            await self._send(factory.sender, b"", tip, gas=TRANSFER_GAS, value=coins)

            async def funded() -> bool:
                return await self.endpoint.balance(factory.sender) >= factory.cost

            await self._until(funded, "the coins for the factory")
        with suppress(AlreadyKnownError, NonceTooLowError):  # somebody else was as far
            await self.endpoint.send(factory.transaction)

        async def there() -> bool:
            return await self.endpoint.code_hash(factory.contract.address) == factory.contract.code_hash

        await self._until(there, FACTORY)

    async def _stands(self, deployment: Deployment) -> bool:
        return await self.endpoint.code_hash(deployment.contract.address) == deployment.contract.code_hash

    async def _idle(self) -> bool:
        account = self.signer.address
        return await self.endpoint.nonce(account, pending=True) == await self.endpoint.nonce(account, pending=False)

    async def _send(self, to: bytes, data: bytes, tip: int, *, gas: int, value: int = 0) -> None:
        head = await self.endpoint.head()
        fees = offered(head.base_fee, tip, self.caps)
        if fees is None:
            raise _error(
                f"gas costs {head.base_fee + tip} wei, above the cap of {self.caps.maximum}",
                "Wait until it is cheaper, or raise the cap.",
            )
        balance = await self.endpoint.balance(self.signer.address)
        if balance < gas * fees.maximum + value:
            raise _error(
                f"{shown(self.signer.address)} has {balance} wei; up to {gas * fees.maximum + value} are needed",
                "Send coins of the chain to the account that pays for gas, and run it again.",
            )
        nonce = await self.endpoint.nonce(self.signer.address, pending=True)
        transaction = Transaction(self.chain_id, nonce, to, data, gas, fees, value)
        raw = await self.signer.sign(transaction)
        transaction.hash_of(raw, self.signer.address)  # that it is the one asked for
        await self.endpoint.send(raw)

    async def _until(self, come: Callable[[], Awaitable[bool]], what: str) -> None:
        try:
            async with asyncio.timeout(self.patience):
                while not await come():
                    await self.pause()
        except TimeoutError as error:
            raise _error(
                f"waited {self.patience:.0f} s for {what}",
                "Look whether the chain makes blocks and what it asks for gas, then run it again.",
            ) from error


def _error(message: str, remedy: str) -> TransactionError:
    return TransactionError(message, code="transaction.deployment", remedy=remedy)
