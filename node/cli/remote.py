"""A node that is asked over HTTP: which one, with which key, and how its answers are told.

A key that is set goes to the address that is set beside it, and to no other: whoever names another node with `--node`
names its key, too. Neither comes from the settings file of a folder (`config.PERSONAL`).
"""

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from node.adapters.node_client import Answered, NodeAddress, NodeClient, NodeClientError, NodeKey
from node.cli.errors import CliError, Unknowable
from node.cli.invocation import Invocation
from node.config import REMOTE_KEY
from node.documents import JsonObject

ASKED_SECOND_PERSON = 202


@dataclass(frozen=True, slots=True)
class Remote:
    """What was said of the node, as typed."""

    url: str | None = None
    key_file: str | None = None
    approval: str | None = None
    """The id of what a second person has agreed to."""
    profile: str | None = None
    """The signing profile that issues."""

    @property
    def needed_profile(self) -> str:
        """The signing profile, which has to be named."""
        if self.profile is None:
            raise CliError("usage.missing", name="--profile")
        return self.profile

    @property
    def headers(self) -> dict[str, str]:
        """What goes with a request that may take a second person."""
        return {} if self.approval is None else {"Glejt-Approval": self.approval}


def require_node(remote: Remote) -> None:
    """Refuse options of a node without one: what also works here is done by a node only where one is named with it."""
    if remote.url is None:
        raise CliError("usage.node_options")


def client_for(invocation: Invocation, remote: Remote) -> NodeClient:
    """The client of the node that was named or set; raises CliError where none was."""
    known = invocation.settings.remote_url
    url = remote.url or known
    if url is None:
        raise CliError("usage.node")
    address = NodeAddress.parse(url)
    key = _key(invocation, remote, address, None if known is None else NodeAddress.parse(known))
    return NodeClient(address, key, language=invocation.words.language)


def _key(invocation: Invocation, remote: Remote, address: NodeAddress, known: NodeAddress | None) -> NodeKey | None:
    """The key for this address, or None: some things a node tells to anybody."""
    if remote.key_file is not None:
        return NodeKey.read(Path(remote.key_file).expanduser())
    said, file = os.environ.get(REMOTE_KEY), invocation.settings.remote_key_file
    if said is None and file is None:
        return None
    if known is not None and not address.is_of(known):
        invocation.out.remark("remark.remote_key", node=address.origin, known=known.origin)
        return None
    if said:
        return NodeKey.parse(said, where=REMOTE_KEY)
    return None if file is None else NodeKey.read(Path(file).expanduser())


def with_node[T](invocation: Invocation, remote: Remote, work: Callable[[NodeClient], Awaitable[T]]) -> T:
    """What becomes of some work with the node."""

    async def run() -> T:
        async with client_for(invocation, remote) as client:
            return await work(client)

    return asyncio.run(run())


def require_decided(answer: Answered) -> JsonObject:
    """The answer, unless a second person has to agree first: then nothing was done yet, and that is told."""
    told = answer.json()
    if answer.status == ASKED_SECOND_PERSON and "approval" in told:
        raise Unknowable("remote.asked", approval=told["approval"], until=told.get("expiresAt"))
    return told


def member[T](answer: JsonObject, name: str, kind: type[T], origin: str) -> T:
    """A member that an answer has to have; raises NodeClientError where it has not."""
    value = answer.get(name)
    if not isinstance(value, kind):
        raise NodeClientError(
            f"{origin} answers without {name}",
            code="remote.answer",
            remedy="Check that this is the address of a node, and that it is as new as this program.",
        )
    return value


def require_none(**options: object) -> None:
    """Refuse options that mean something only where no node does the work."""
    for name, value in options.items():
        if value:
            raise CliError("usage.node_option", option=f"--{name.replace('_', '-')}")
