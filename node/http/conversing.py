"""The node's agent, put together for the routes: it issues by the same use cases as they do."""

from node.exchange.didcomm.agent import NoWayOut, Sends
from node.exchange.didcomm.conversing import Conversing, conversing
from node.http.claiming import claims
from node.http.services import Services
from node.issuance.issuing import Issuing
from node.issuance.offering import Offering


def offering(services: Services) -> Offering:
    """What is offered by invitation."""
    return Offering(store=services.store, issuing=issuing(services), now=services.now, claims=claims(services))


def issuing(services: Services) -> Issuing:
    """What issues what is given whole."""
    return Issuing(
        store=services.store,
        vault=services.vault,
        judges=services.judges,
        work=services.work,
        now=services.now,
        public_url=services.public_url,
    )


def conversing_of(services: Services, sends: Sends | None = None) -> Conversing:
    """The agent."""
    return conversing(
        store=services.store,
        vault=services.vault,
        judges=services.judges,
        offers=offering(services),
        sends=NoWayOut() if sends is None else sends,
        work=services.work,
        now=services.now,
        public_url=services.public_url,
        policies=services.policies,
        usual=services.policy,
    )
