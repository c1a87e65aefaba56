"""The use cases of awards of one person, put together for the routes."""

from node.http.services import Services
from node.issuance.claiming.claims import Claims
from node.issuance.claiming.desk import AwardDesk
from node.issuance.claiming.fetching import Fetching
from node.issuance.claiming.finishing import Finishing
from node.issuance.claiming.linking import Linking


def linking(services: Services) -> Linking:
    """What makes private links."""
    return Linking(services.store, services.vault, services.public_url)


def finishing(services: Services) -> Finishing:
    """What issues them."""
    return Finishing(
        store=services.store,
        vault=services.vault,
        judges=services.judges,
        work=services.work,
        now=services.now,
        linking=linking(services),
        mails=services.mail is not None,
    )


def award_desk(services: Services) -> AwardDesk:
    """The issuer's side."""
    return AwardDesk(finishing=finishing(services), linking=linking(services), now=services.now)


def claims(services: Services) -> Claims:
    """The learner's side, before."""
    return Claims(
        finishing=finishing(services),
        linking=linking(services),
        now=services.now,
        invitations=services.invitations,
    )


def fetching(services: Services) -> Fetching:
    """… and after."""
    return Fetching(services.store, services.judges, services.now, services.public_url)
