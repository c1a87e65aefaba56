"""By which rules the chain runs, and how it begins: those of the Prague fork, with one producer who needs no proof.

Spec: https://eips.ethereum.org/EIPS/eip-7600
"""

from collections.abc import Mapping
from typing import Final, cast

from eth.abc import AtomicDatabaseAPI, BlockHeaderAPI, SignedTransactionAPI, StateAPI, UnsignedTransactionAPI
from eth.chains.base import Chain
from eth.estimators.gas import binary_gas_search_1000_tolerance
from eth.exceptions import VMError
from eth.typing import AccountDetails, HeaderParams
from eth.vm.forks.prague import PragueVM
from eth.vm.forks.prague.constants import HISTORY_STORAGE_CONTRACT_CODE
from eth.vm.spoof import SpoofTransaction
from eth_typing import Address, BlockNumber

from anchoring.block_bridge import HISTORY
from anchoring.devchain.label import IDS

BLOCK_GAS: Final = 2**24
"""As much as one transaction may take on a public chain (EIP-7825), so that what fits here fits there."""
SEED_BYTES: Final = 32
"""Random bytes in the first block: no two chains begin alike."""
FUNDS: Final = 10**27
"""Of what is worth nothing, enough for ever."""


def estimate(state: StateAPI, call: SignedTransactionAPI) -> int:
    """How much gas a call takes that is given BLOCK_GAS; raises VMError where it is refused.

    A call within a call gets at most 63 of 64 parts of what is left, so a little more than what was used may be needed.
    """
    used = _used(state, call)
    enough = min(used + used // 32, BLOCK_GAS)
    try:
        _used(state, spoofed(call, gas=enough))
    except VMError:
        enough = binary_gas_search_1000_tolerance(state, call)
    return enough


def spoofed(call: SignedTransactionAPI | UnsignedTransactionAPI, **instead: object) -> SignedTransactionAPI:
    """The call as if somebody had signed it, or with other members; for trying it out."""
    return cast("SignedTransactionAPI", SpoofTransaction(call, **instead))  # which stands in for any of its attributes


def _used(state: StateAPI, call: SignedTransactionAPI) -> int:
    snapshot = state.snapshot()
    try:
        done = state.apply_transaction(call)
    finally:
        state.revert(snapshot)
    if done.is_error:
        raise done.error
    used: int = call.gas - done.get_gas_remaining() + done.data_floor_gas
    return used


class _Rules(PragueVM):
    """Prague, but several blocks may share a second: a block is made as soon as it is wanted, and its time is true."""

    @classmethod
    def validate_header(cls, header: BlockHeaderAPI, parent_header: BlockHeaderAPI) -> None:
        if header.timestamp == parent_header.timestamp:
            parent_header = parent_header.copy(timestamp=parent_header.timestamp - 1)
        super().validate_header(header, parent_header)


class LocalChain(Chain):
    """A chain by these rules in a database."""

    vm_configuration = ((BlockNumber(0), _Rules),)
    gas_estimator = staticmethod(estimate)

    def __init__(self, base_db: AtomicDatabaseAPI) -> None:
        super().__init__(base_db)
        genesis = self.get_canonical_block_header_by_number(BlockNumber(0))
        self.genesis = genesis
        self.chain_id = chain_id(genesis.extra_data)

    def create_header_from_parent(self, parent_header: BlockHeaderAPI, **header_params: HeaderParams) -> BlockHeaderAPI:
        """The next header, with room for as much as ever."""
        return super().create_header_from_parent(parent_header, **{"gas_limit": BLOCK_GAS, **header_params})


def chain_id(seed: bytes) -> int:
    """The number of the chain whose first block carries this seed."""
    return IDS[int.from_bytes(seed[:4])]


def begin(database: AtomicDatabaseAPI, seed: bytes, time: int, funded: Mapping[bytes, int]) -> LocalChain:
    """A chain of one block, in which these addresses have these funds and past block hashes are kept (EIP-2935)."""
    state = {Address(address): _account(balance=balance) for address, balance in funded.items()}
    state[Address(HISTORY.address)] = _account(nonce=1, code=HISTORY_STORAGE_CONTRACT_CODE)
    LocalChain.from_genesis(
        database, {"difficulty": 0, "extra_data": seed, "gas_limit": BLOCK_GAS, "timestamp": time}, state
    )
    return LocalChain(database)


def _account(*, balance: int = 0, nonce: int = 0, code: bytes = b"") -> AccountDetails:
    return {"balance": balance, "nonce": nonce, "code": code, "storage": {}}
