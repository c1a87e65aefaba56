"""Errors of asking nodes of a chain.

anchoring.errors.IndeterminateError
└── RpcError                what was asked is not known; never a reason to call anything good or forged
    ├── NodeUnreachableError    rpc.{unreachable, tls, timeout, broken, status}
    ├── NodeRefusalError        rpc.refused
    ├── NodeAnswerError         rpc.{too_large, encoding, json, shape, id, absent, header, block, future, proof,
    │                           receipts, receipt_type}
    ├── OtherChainError         rpc.{chain_id, genesis, code}
    └── NoQuorumError           rpc.{quorum, conflict, rolled_back, unproven}
RpcConfigError              rpc.{url, endpoints}

A message names a node by scheme, host and port alone: user names, paths and queries hold keys.
"""

from collections.abc import Sequence
from typing import Final

from anchoring.errors import IndeterminateError

MAX_REASON_CHARS: Final = 160
"""How much of anybody else's words is repeated."""
MAX_REASONS: Final = 4
"""Of how many nodes a message tells what was wrong."""


class RpcError(IndeterminateError):
    """What was asked of the nodes of a chain is not known."""


class NodeUnreachableError(RpcError):
    """Nobody answered in time, or not with an answer."""


class NodeRefusalError(RpcError):
    """The node answered that it does not do what was asked."""

    def __init__(self, node: str, number: int, message: str) -> None:
        said = "".join(c if c.isprintable() else " " for c in message[:MAX_REASON_CHARS])
        super().__init__(
            f"{node} refuses with error {number}: {said}",
            code="rpc.refused",
            remedy="Ask another node, or one that serves proofs of the block in question; some keep the newest only.",
        )
        self.number = number


class NodeAnswerError(RpcError):
    """What the node answered cannot be so."""


class OtherChainError(RpcError):
    """The node is one of another chain, or its chain does not have the contract."""


class NoQuorumError(RpcError):
    """Too few of the nodes agree on an answer that can be so.

    `reasons` are what was wrong with each of the others.
    """

    def __init__(self, message: str, *, kind: str, reasons: Sequence[RpcError] = ()) -> None:
        told = "; ".join(str(reason) for reason in reasons[:MAX_REASONS])
        super().__init__(
            f"{message}{': ' if told else ''}{told}",
            code=f"rpc.{kind}",
            remedy="Try again later; if it stays so, name other nodes of the chain in the trust file, or a checkpoint.",
        )
        self.reasons = tuple(reasons)


class RpcConfigError(ValueError):
    """The administrator's list of nodes cannot be used as it stands."""

    def __init__(self, message: str, *, code: str, remedy: str) -> None:
        super().__init__(message)
        self.code = code
        self.remedy = remedy


def unreachable(node: str, kind: str, what: str) -> NodeUnreachableError:
    """The error of a node that did not answer."""
    return NodeUnreachableError(
        f"{node} {what[:MAX_REASON_CHARS]}",
        code=f"rpc.{kind}",
        remedy="Try again later; if it stays so, name other nodes of the chain in the trust file.",
    )


def bad_answer(node: str, kind: str, what: str) -> NodeAnswerError:
    """The error of a node whose answer cannot be so."""
    return NodeAnswerError(
        f"{node} {what[: 2 * MAX_REASON_CHARS]}",
        code=f"rpc.{kind}",
        remedy="Ask another node of the chain: this one is broken, of another kind, or lies.",
    )


def other_chain(node: str, kind: str, what: str) -> OtherChainError:
    """The error of a node that is not one of the chain in question."""
    return OtherChainError(
        f"{node} {what[:MAX_REASON_CHARS]}",
        code=f"rpc.{kind}",
        remedy="Name nodes of the right chain in the trust file, and check its chain id, first block and contract.",
    )
