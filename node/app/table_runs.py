"""Runs of an opened node: by the processes in which it signs, and what goes on with them in the background."""

from collections.abc import Mapping

from node.adapters.judging.service import Judging
from node.adapters.judging.tables import TableJudging
from node.app.opening import OpenNode
from node.issuance.background.tasks import Carry
from node.issuance.claiming.linking import Linking
from node.issuance.desk.inviting import Inviting
from node.issuance.desk.running import Running
from node.ports.work import Kind


def run_kinds(node: OpenNode, judges: Judging, public_url: str, *, mails: bool) -> Mapping[str, Carry]:
    """What goes on with runs, and with the awards of them that wait for their learners."""
    running = Running(
        store=node.store,
        vault=node.vault,
        tables=TableJudging(judges.signers, node.now),
        now=node.now,
        public_url=public_url,
    )
    linking = Linking(node.store, node.vault, public_url)
    inviting = Inviting(node.store, linking, node.now, mails)
    return {Kind.RUN: running.run, Kind.RUN_CHECK: running.check, Kind.INVITE: inviting.carry}
