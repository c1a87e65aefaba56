"""All that a node publishes at its own address, put together for it: the desk of its identifiers, and its pages."""

from dataclasses import dataclass
from typing import Self

from node.issuance.domain_linkages import DomainLinkages
from node.issuance.errors import HostingError
from node.issuance.host import Host
from node.issuance.hosted_dids import HostedDids
from node.issuance.pages import Pages
from node.ports.store import Store
from node.ports.vault import Vault


@dataclass(frozen=True, slots=True)
class Hosting:
    """What is published, and who changes it. One of a process: it remembers what it signed."""

    pages: Pages
    linkages: DomainLinkages | None
    _desk: HostedDids | HostingError

    @classmethod
    def at(cls, public_url: str, store: Store, vault: Vault) -> Self:
        """The hosting of a node at its public address; at one that no identifier can name there are none."""
        try:
            host = Host.of(public_url)
        except HostingError as error:
            return cls(Pages(store, public_url, None, None), None, error)
        linkages = DomainLinkages(store, vault, host)
        return cls(Pages(store, public_url, host, linkages), linkages, HostedDids(store, vault, host))

    @property
    def dids(self) -> HostedDids:
        """The desk of identifiers; raises HostingError where none can be hosted at the node's address."""
        if isinstance(self._desk, HostingError):
            raise self._desk
        return self._desk

    def changed(self) -> None:
        """Something that is published was changed here: show it at once."""
        if self.linkages is not None:
            self.linkages.forget()
