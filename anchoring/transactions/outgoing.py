"""What one round signs: numbers, fees and funds, given out once each."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from anchoring.ledger import LedgerReader
from anchoring.transactions.endpoint import Endpoint, RevertedError
from anchoring.transactions.fees import FeeCaps, Fees, offered, raised
from anchoring.transactions.judgement import Action, View, live_attempts
from anchoring.transactions.problems import Problem, reason_of
from anchoring.transactions.signing import GasSigner, SignerError, Transaction
from anchoring.transactions.store import Attempt, StoredCall

MIN_GAS: Final = 200_000
"""More than any call takes but those of wallets that are contracts. What is not used is not paid; with no more than an
estimate, a call that found its work done while estimating would fail if the chain took that work back."""
LOW_TRANSACTIONS: Final = 20
"""So many more should be paid for, or somebody is told."""


@dataclass(slots=True)
class Outgoing:
    """Makes transactions through one node, for the length of one round."""

    view: View
    pending: int
    """How many of the account's transactions are in blocks, or wait in line behind them."""
    balance: int
    suggested: int
    """The tip that the node suggests."""
    caps: FeeCaps
    in_flight: int
    signer: GasSigner
    endpoint: Endpoint
    reader: LedgerReader
    _used: set[int] = field(init=False)
    _problems: list[Problem] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._used = set(self.view.used)

    def reserve(self, calls: Iterable[StoredCall]) -> None:
        """Set apart what the transactions under way may cost."""
        dearest: dict[int, int] = {}
        for stored in calls:
            for each in live_attempts(stored, self.view.account, self.view.nonce):
                dearest[each.nonce] = max(dearest.get(each.nonce, 0), each.gas * each.fees.maximum)
        self.balance -= sum(dearest.values())

    def alerts(self) -> list[Problem]:
        """What an administrator should know of account and fees."""
        fees = offered(self.view.head.base_fee, self.suggested, self.caps)
        if fees is None:
            return [*self._problems, Problem.CAPPED]
        return [*self._problems, *([Problem.LOW] if self.balance < LOW_TRANSACTIONS * MIN_GAS * fees.maximum else [])]

    async def signed(self, stored: StoredCall, action: Action) -> Attempt | Problem:  # noqa: PLR0911 - one for each reason
        """A transaction that brings the call, or why there is none.

        1. Number: the next that nobody uses; the same again to replace one; the one that the chain waits for.
        2. Gas, by trying the call at the latest block.
        3. Fees, within the caps.
        4. Funds for the dearest case.
        5. The signature, compared with what was asked for.
        """
        if Problem.SIGNER in self._problems:
            # One that does not answer would be waited for once for each call.
            return Problem.SIGNER
        live = live_attempts(stored, self.view.account, self.view.nonce)
        replaced = live[-1] if action is Action.RAISE else None
        if replaced is None and action is Action.SIGN and len(self._used) >= self.in_flight:
            return Problem.WAITING
        nonce = self._nonce(action) if replaced is None else replaced.nonce  # 1
        gas = await self._gas(stored) if replaced is None else replaced.gas  # 2
        if isinstance(gas, Problem):
            return gas
        base_fee = self.view.head.base_fee
        fees: Fees | None  # 3
        if replaced is None:
            fees = offered(base_fee, self.suggested, self.caps)
        else:
            fees = raised(replaced.fees, base_fee, self.suggested, self.caps)
        if fees is None:
            return self._noted(Problem.CAPPED)
        cost = gas * fees.maximum - (replaced.gas * replaced.fees.maximum if replaced else 0)
        if cost > self.balance:  # 4
            return self._noted(Problem.EMPTY)
        transaction = Transaction(
            self.reader.chain.id, nonce, self.reader.contract.address, stored.call.data(), gas, fees
        )
        try:
            raw = await self.signer.sign(transaction)
            transaction_hash = transaction.hash_of(raw, self.view.account)  # 5
        except SignerError:
            return self._noted(Problem.SIGNER)
        self.balance -= cost
        self._used.add(nonce)
        return Attempt(
            stored.id, self.view.account, nonce, transaction_hash, raw, gas, fees, made_at=self.view.head.time
        )

    def _nonce(self, action: Action) -> int:
        if action is Action.FILL:
            return self.view.nonce
        nonce = max(self.view.nonce, self.pending)
        while nonce in self._used:
            nonce += 1
        return nonce

    async def _gas(self, stored: StoredCall) -> int | Problem:
        try:
            needed = await self.endpoint.estimate(self.view.account, self.reader.contract.address, stored.call.data())
        except RevertedError as error:
            return reason_of(error.reason)
        return max(needed + needed // 4, MIN_GAS)

    def _noted(self, problem: Problem) -> Problem:
        self._problems.append(problem)
        return problem
