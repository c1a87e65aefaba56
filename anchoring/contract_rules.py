"""The contract's rules once more: what a call changes, or why it is refused.

Each function follows the one of `contracts/src/TrustAnchor.sol` check by check, in its order, so that for any call both
give the same answer or the same refusal. Wallets that are contracts are left out: an authority is a key.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from anchoring import secp256k1
from anchoring.calls import MAX_DELAY, AuthorizedCall, TypedCall
from anchoring.errors import CallError
from anchoring.facts import (
    Accreditation,
    AccreditationOf,
    Anchor,
    AnchorOf,
    Authority,
    Fact,
    HeadOf,
    HistoryEntry,
    NamespaceState,
    Question,
    Recovery,
    StateOf,
    StatusHead,
)
from anchoring.layout import recovery_commitment
from anchoring.operations import (
    RECOVERY_DELAY,
    Accept,
    Acceptance,
    Accredit,
    AnchorValue,
    CancelRecovery,
    ChangeIdentity,
    CompleteRecovery,
    OpenNamespace,
    RequestRecovery,
    RotateAuthority,
    SetHead,
    WithdrawAccreditation,
)
from anchoring.refusals import Refusal

type Facts = Mapping[Question, Fact]
"""What stands in storage, by the questions that one entry answers: all but `AuthorityAt`."""


@dataclass(frozen=True, slots=True)
class Setting:
    """Where and when a call is carried out, and what stands there before it."""

    facts: Facts
    chain_id: int
    contract: bytes
    block: int
    time: int

    def changes(self, call: AuthorizedCall) -> Facts:  # noqa: C901, PLR0911 - one for each operation
        """What stands otherwise after the call; nothing for a repeat. Raises RefusedError."""
        match call.operation:
            case OpenNamespace():
                return self._open(call.operation)
            case AnchorValue():
                return self._anchor(call, call.operation)
            case SetHead():
                return self._set_head(call, call.operation)
            case Accredit():
                return self._accredit(call, call.operation)
            case WithdrawAccreditation():
                return self._withdraw(call, call.operation)
            case RotateAuthority():
                return self._rotate(call, call.operation)
            case RequestRecovery():
                return self._request(call, call.operation)
            case CancelRecovery():
                return self._cancel(call, call.operation)
            case CompleteRecovery():
                return self._complete(call.operation)
            case ChangeIdentity():
                raise CallError(
                    "a change of an identity is for the registry of identities",
                    code="call.shape",
                    remedy="Bring it there.",
                )

    # --- namespaces

    def _open(self, operation: OpenNamespace) -> Facts:
        namespace = operation.namespace
        if StateOf(namespace) in self.facts:
            return {}
        state = NamespaceState(operation.authority, self.block, 0, 0, operation.recovery, 0, None)
        return self._appended(namespace, state, operation.authority)

    def _rotate(self, call: AuthorizedCall, operation: RotateAuthority) -> Facts:
        self._require_soon(call.deadline)
        state = self._by_signature(operation.namespace, call)
        _require(operation.index == state.authorities, Refusal.SEQUENCE_MISMATCH)
        self._require_accepted(operation.namespace, operation.successor, operation.acceptance)
        return self._appended(operation.namespace, state, operation.successor)

    def _appended(self, namespace: bytes, state: NamespaceState, authority: bytes) -> Facts:
        following = replace(state, authority=authority, authorities=state.authorities + 1, last_block=self.block)
        entry = HistoryEntry(namespace, state.authorities)
        return {StateOf(namespace): following, entry: Authority(authority, self.block, self.time)}

    # --- recovery

    def _request(self, call: AuthorizedCall, operation: RequestRecovery) -> Facts:
        self._require_soon(call.deadline)
        state = self._by_recovery_key(operation)
        self._require_signed(operation.recovery_key, call)
        _require(operation.sequence == state.recovery_requests + 1, Refusal.SEQUENCE_MISMATCH)
        self._require_accepted(operation.namespace, operation.successor, operation.acceptance)
        pending = Recovery(operation.successor, self.time + RECOVERY_DELAY, operation.next_commitment)
        return self._linked(
            operation.namespace, replace(state, recovery_requests=operation.sequence, pending=pending), {}
        )

    def _cancel(self, call: AuthorizedCall, operation: CancelRecovery) -> Facts:
        self._require_soon(call.deadline)
        state = self._by_recovery_key(operation)
        self._require_signed(operation.recovery_key, call)
        _require(state.pending is not None, Refusal.NO_RECOVERY_PENDING)
        _require(operation.sequence == state.recovery_requests, Refusal.SEQUENCE_MISMATCH)
        return self._linked(operation.namespace, replace(state, pending=None), {})

    def _complete(self, operation: CompleteRecovery) -> Facts:
        state = self.facts.get(StateOf(operation.namespace))
        if not isinstance(state, NamespaceState) or state.pending is None:
            raise Refusal.NO_RECOVERY_PENDING.error()
        _require(self.time >= state.pending.ready_at, Refusal.RECOVERY_NOT_READY)
        recovered = replace(state, commitment=state.pending.next_commitment, era=state.era + 1, pending=None)
        return self._appended(operation.namespace, recovered, state.pending.successor)

    # --- anchors, status heads, accreditations

    def _anchor(self, call: AuthorizedCall, operation: AnchorValue) -> Facts:
        self._require_soon(call.deadline)
        state = self._by_signature(operation.namespace, call)
        question = AnchorOf(operation.namespace, operation.value)
        if question in self.facts:
            return {}
        anchor = Anchor(self.block, self.time, state.authorities - 1, state.era)
        return self._linked(operation.namespace, state, {question: anchor})

    def _set_head(self, call: AuthorizedCall, operation: SetHead) -> Facts:
        self._require_soon(call.deadline)
        state = self._by_signature(operation.namespace, call)
        _require(self.time < operation.valid_until, Refusal.PERIOD_INVALID)
        question = HeadOf(operation.namespace, operation.list_id)
        head = self.facts.get(question)
        # Nothing that an earlier era sealed or numbered binds this one: a thief could have done both.
        if isinstance(head, StatusHead) and head.era == state.era:
            _require(not head.sealed, Refusal.HEAD_SEALED)
            _require(operation.version > head.version, Refusal.VERSION_NOT_HIGHER)
        following = StatusHead(
            operation.digest,
            operation.version,
            self.time,
            operation.valid_until,
            state.authorities - 1,
            state.era,
            operation.sealed,
        )
        return self._linked(operation.namespace, state, {question: following})

    def _accredit(self, call: AuthorizedCall, operation: Accredit) -> Facts:
        self._require_soon(call.deadline)
        state = self._by_signature(operation.body, call)
        question = AccreditationOf(operation.body, operation.subject, operation.scope, operation.sequence)
        _require(question not in self.facts, Refusal.SEQUENCE_TAKEN)
        before = replace(question, sequence=operation.sequence - 1)
        _require(not operation.sequence or before in self.facts, Refusal.SEQUENCE_SKIPPED)
        accreditation = Accreditation(
            operation.valid_from,
            operation.valid_until,
            self.time,
            None,
            state.authorities - 1,
            None,
            operation.evidence,
        )
        return self._linked(operation.body, state, {question: accreditation})

    def _withdraw(self, call: AuthorizedCall, operation: WithdrawAccreditation) -> Facts:
        self._require_in_time(call.deadline)
        state = self._by_signature(operation.body, call)
        question = AccreditationOf(operation.body, operation.subject, operation.scope, operation.sequence)
        accreditation = self.facts.get(question)
        if not isinstance(accreditation, Accreditation):
            raise Refusal.ACCREDITATION_UNKNOWN.error()
        if accreditation.revoked_at is not None:
            return {}
        withdrawn = replace(accreditation, revoked_at=self.time, revoked_by=state.authorities - 1)
        return self._linked(operation.body, state, {question: withdrawn})

    def _linked(self, namespace: bytes, state: NamespaceState, changes: Facts) -> Facts:
        return {**changes, StateOf(namespace): replace(state, last_block=self.block)}

    # --- who speaks, and what must hold

    def _opened(self, namespace: bytes) -> NamespaceState:
        state = self.facts.get(StateOf(namespace))
        if not isinstance(state, NamespaceState):
            raise Refusal.NAMESPACE_UNKNOWN.error()
        return state

    def _by_signature(self, namespace: bytes, call: AuthorizedCall) -> NamespaceState:
        state = self._opened(namespace)
        self._require_signed(state.authority, call)
        return state

    def _by_recovery_key(self, operation: RequestRecovery | CancelRecovery) -> NamespaceState:
        state = self._opened(operation.namespace)
        shown = recovery_commitment(operation.recovery_key, operation.recovery_salt)
        _require(shown == state.commitment, Refusal.NOT_RECOVERY_KEY)
        return state

    def _require_signed(self, signer: bytes, call: AuthorizedCall) -> None:
        typed = TypedCall(call.operation, self.chain_id, self.contract, call.deadline)
        _require(secp256k1.signer_of(typed.digest, call.signature) == signer, Refusal.SIGNATURE_INVALID)

    def _require_accepted(self, namespace: bytes, successor: bytes, acceptance: Acceptance) -> None:
        self._require_soon(acceptance.deadline)
        typed = TypedCall(Accept(namespace, successor), self.chain_id, self.contract, acceptance.deadline)
        _require(secp256k1.signer_of(typed.digest, acceptance.signature) == successor, Refusal.SIGNATURE_INVALID)

    def _require_in_time(self, deadline: int) -> None:
        _require(self.time <= deadline, Refusal.DEADLINE_PASSED)

    def _require_soon(self, deadline: int) -> None:
        self._require_in_time(deadline)
        _require(deadline - self.time <= MAX_DELAY, Refusal.DEADLINE_TOO_FAR)


def _require(holds: bool, refusal: Refusal) -> None:  # noqa: FBT001 - the condition itself
    if not holds:
        raise refusal.error()
