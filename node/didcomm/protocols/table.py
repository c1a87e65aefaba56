"""The protocols that are spoken, by their identifiers: a frozen table, handed to every step.

Spec: https://identity.foundation/didcomm-messaging/spec/v2.1/#protocols
"""

from collections.abc import Iterable
from typing import Final

from node.didcomm.protocols.basic_message import BASIC_MESSAGE
from node.didcomm.protocols.changes import RECEIPT_UPGRADE, REVOCATION_NOTIFICATION
from node.didcomm.protocols.coordinate_mediation import COORDINATE_MEDIATION
from node.didcomm.protocols.discover_features import Feature, discover_features, features_of
from node.didcomm.protocols.empty import EMPTY_MESSAGE
from node.didcomm.protocols.issue_credential import ISSUE_CREDENTIAL
from node.didcomm.protocols.machine import ProtocolDeclaration, Protocols, protocols
from node.didcomm.protocols.message_pickup import MESSAGE_PICKUP_3, MESSAGE_PICKUP_4
from node.didcomm.protocols.out_of_band import GOAL_ISSUE, GOAL_PRESENT
from node.didcomm.protocols.present_proof import PRESENT_PROOF
from node.didcomm.protocols.report_problem import REPORT_PROBLEM
from node.didcomm.protocols.routing import ROUTING
from node.didcomm.protocols.trust_ping import TRUST_PING

EVERYBODY: Final = (TRUST_PING, EMPTY_MESSAGE, REPORT_PROBLEM)
"""What keeps a connection going."""
CREDENTIALS: Final = (ISSUE_CREDENTIAL, PRESENT_PROOF, REVOCATION_NOTIFICATION, RECEIPT_UPGRADE, BASIC_MESSAGE)
"""What issuers, holders and verifiers speak."""
MEDIATOR: Final = (ROUTING, COORDINATE_MEDIATION, MESSAGE_PICKUP_3, MESSAGE_PICKUP_4)
"""What a mediator speaks besides; a phone speaks it with one, all but the first."""
GOALS: Final = (Feature("goal-code", GOAL_ISSUE), Feature("goal-code", GOAL_PRESENT))


def spoken(declarations: Iterable[ProtocolDeclaration], *, disclosed: Iterable[Feature] = GOALS) -> Protocols:
    """The table of a party that speaks these besides what everybody speaks, and discloses that it does."""
    speaks = (*EVERYBODY, *declarations)
    return protocols(*speaks, discover_features((*features_of(protocols(*speaks)), *disclosed)))
