"""Capsules among the files that commands read: what is said of one."""

from node.cli.invocation import Invocation
from node.documents import JsonObject
from node.verification.opened_capsule import OTHER


def remark_on_contexts(invocation: Invocation, told: JsonObject, name: str) -> None:
    """Say which contexts the maker of a capsule took for something else."""
    contexts = told["contexts"]
    for url, state in (contexts if isinstance(contexts, dict) else {}).items():
        if state == OTHER:
            invocation.out.remark("remark.capsule_context", name=name, url=url)
