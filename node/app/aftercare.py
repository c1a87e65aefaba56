"""What a node does in the background for awards that were issued: many withdrawn, subscribers told."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

from node.adapters.fetch import GuardedFetch
from node.adapters.web_url import Rules
from node.app.opening import OpenNode
from node.issuance.aftercare.telling import Telling
from node.issuance.aftercare.withdrawing import Withdrawing
from node.issuance.background.schedule import Periodic
from node.issuance.background.tasks import Carry
from node.issuance.webhooks.delivering import Delivering
from node.ports.work import Kind, Nobody

TIDY_EVERY: Final = timedelta(minutes=10)


def aftercare_kinds(node: OpenNode) -> Mapping[str, Carry]:
    """What is done here alone."""
    return {Kind.REVOKE_MANY: Withdrawing(store=node.store, work=Nobody(), now=node.now).carry}


def telling_kinds(node: OpenNode) -> Mapping[str, Carry]:
    """What waits for the servers of others; where there is a mail server, others tell holders."""
    telling = Telling(store=node.store, mail=None, now=node.now)
    return {Kind.DELIVER_EVENT: _delivering(node).carry, Kind.TELL_HOLDER: telling.carry}


def aftercare_periodic(node: OpenNode) -> Sequence[Periodic]:
    """What is to be done from time to time."""
    return (Periodic("Looking after webhooks", TIDY_EVERY, _delivering(node).tidy),)


def _delivering(node: OpenNode) -> Delivering:
    fetch = GuardedFetch(Rules(loopback=node.settings.allow_loopback))
    return Delivering(store=node.store, vault=node.vault, post=fetch.post, now=node.now)
