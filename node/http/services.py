"""What the routes may use, as the composition root puts it together."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from node.http.limits import Limits
from node.http.telemetry import Telemetry
from node.issuance.hosting import Hosting
from node.ports.chains import Chains
from node.ports.invitations import Invitations
from node.ports.judging import Judging
from node.ports.mail import Mail
from node.ports.proving import NothingProven, Proving
from node.ports.store import Store
from node.ports.tables import NoTables, Tables
from node.ports.vault import Vault
from node.ports.work import Nobody, Nudge
from node.verification.policy import DEFAULT, Policy, built_in_policies

if TYPE_CHECKING:
    from node.exchange.didcomm.agent import Sends
    from node.exchange.didcomm.conversing import Conversing


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything there is for the routes."""

    store: Store
    vault: Vault
    judges: Judging
    """Whoever reads what strangers wrote."""
    now: Callable[[], datetime]
    public_url: str
    """Where others reach the node: scheme and host, without a slash at the end."""
    tables: Tables = field(default_factory=NoTables)
    """Whoever reads tables, and signs what they say."""
    work: Nudge = field(default_factory=Nobody)
    """Whoever works off the outbox."""
    chains: Chains | None = None
    """Where it is written to chains; None for a node that writes to none."""
    policies: Mapping[str, Policy] = field(default_factory=built_in_policies)
    """By which is verified, by their names."""
    policy: str = DEFAULT
    """The policy of whoever names none."""
    verifies_for_anybody: bool = False
    """Whether it takes no key to have something verified."""
    limits: Limits = field(default_factory=Limits)
    telemetry: Telemetry = field(default_factory=Telemetry)
    proving: Proving = field(default_factory=NothingProven)
    """Whoever proves what stands on chains, for who takes it along."""
    mail: Mail | None = None
    """The way to a mail server; None for a node that writes no letters."""
    invitations: Invitations | None = None
    """Whoever invites agents; None for a node that talks to none."""
    sends: "Sends | None" = None
    """Whoever sends messages to addresses of strangers; None for a node whose messages wait until they are fetched."""
    hosting: Hosting = field(init=False)
    """What is published at the node's own address, and its change."""
    conversing: "Conversing" = field(init=False)
    """The node's agent."""

    def __post_init__(self) -> None:
        from node.http.conversing import conversing_of  # noqa: PLC0415 -- it stands on these services

        object.__setattr__(self, "hosting", Hosting.at(self.public_url, self.store, self.vault))
        object.__setattr__(self, "conversing", conversing_of(self, self.sends))
        if self.invitations is None:
            object.__setattr__(self, "invitations", self.conversing.handing)
