"""What is offered for a transaction, and by how much an offer is raised.

A node takes another transaction in the place of one that waits only when both fees are a tenth higher; an eighth is
above that on every client, also after rounding.

Spec: https://eips.ethereum.org/EIPS/eip-1559
"""

from dataclasses import dataclass
from typing import Final

GWEI: Final = 10**9


@dataclass(frozen=True, slots=True)
class Fees:
    """What a unit of gas may cost at most, and how much of that is the producer's tip. In wei."""

    maximum: int
    priority: int


@dataclass(frozen=True, slots=True)
class FeeCaps:
    """What is never exceeded, whatever a node of the chain suggests and however long a transaction waits."""

    maximum: int = 500 * GWEI
    """Some twenty times a busy day of the main chain; an anchor then costs a fortieth of its coin."""
    priority: int = 100 * GWEI
    """Some chains ask for 25 to 30 at all times."""


def offered(base_fee: int, suggested: int, caps: FeeCaps) -> Fees | None:
    """Fees that hold while the base fee doubles, or up to the cap; None where not even the next block is affordable."""
    priority = min(max(suggested, 1), caps.priority)
    if base_fee + priority > caps.maximum:
        return None
    return Fees(min(2 * base_fee + priority, caps.maximum), priority)


def raised(before: Fees, base_fee: int, suggested: int, caps: FeeCaps) -> Fees | None:
    """Fees that replace these: both at least an eighth higher, and what would be offered now.

    None beyond a cap, and where not even the next block is affordable.
    """
    priority = max(_an_eighth_more(before.priority), min(suggested, caps.priority))
    maximum = max(_an_eighth_more(before.maximum), min(2 * base_fee + priority, caps.maximum), priority)
    if max(maximum, base_fee + priority) > caps.maximum or priority > caps.priority:
        return None
    return Fees(maximum, priority)


def _an_eighth_more(fee: int) -> int:
    return max(fee + (fee + 7) // 8, fee + 1)
