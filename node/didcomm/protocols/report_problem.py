"""Problem reports outside any exchange (report-problem 2.0): within one, every step knows them.

Spec: https://didcomm.org/report-problem/2.0
"""

from typing import Final

from node.didcomm.protocols.machine import ProtocolDeclaration
from node.didcomm.protocols.problems import REPORT

REPORT_PROBLEM: Final = ProtocolDeclaration(type=REPORT, roles=("notifier", "notified"))
"""Its one message is read wherever it comes, so there is no transition to declare."""
