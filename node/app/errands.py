"""What a command on the node's machine has done: by the node that runs, or in the folder where none does.

Whoever may use the folder may do all of it; nothing of it can be asked for over the network.

    ErrandError    the code and remedy that the node which runs told of
"""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

import orjson

from node.adapters.control import ask
from node.adapters.node_folder import FolderError, NodeFolder
from node.app import examining, keeping, machine_keys
from node.app.opening import Errand, OpenNode, opened_node
from node.app.private_memory import keep_memory_private
from node.config.node_settings import NodeSettings
from node.documents import JsonObject

BEGINNING: Final = frozenset({"organisation"})
"""What may begin a node where there is none."""
ERRAND_SECONDS: Final = 3600.0
"""A backup of a large database takes minutes."""


class ErrandError(Exception):
    """The node that runs did not do it."""

    def __init__(self, message: str, *, code: str, remedy: str) -> None:
        super().__init__(message)
        self.code = code
        self.remedy = remedy


def on_machine(settings: NodeSettings, name: str, asked: JsonObject) -> JsonObject:
    """What an errand answers; raises the errors of whoever carries it out, told as they tell them."""
    keep_memory_private()
    return asyncio.run(_on_machine(settings, name, asked))


async def answered(node: OpenNode, question: JsonObject) -> JsonObject:
    """The answer to what came over the socket; an error is an answer, too."""
    asked = question.get("asked")
    errand = ERRANDS.get(str(question.get("errand")))
    if errand is None or not isinstance(asked, dict):
        remedy = "Start it anew: it is of another version than this command."
        return {"error": {"message": "the node does not know this errand", "code": "control.unknown", "remedy": remedy}}
    try:
        return {"answer": await errand(node, asked)}
    except Exception as error:
        code, mend = getattr(error, "code", None), getattr(error, "remedy", None)
        if not isinstance(code, str) or not isinstance(mend, str):
            raise
        return {"error": {"message": str(error), "code": code, "remedy": mend}}


async def _on_machine(settings: NodeSettings, name: str, asked: JsonObject) -> JsonObject:
    folder = NodeFolder(settings.data)
    if name not in BEGINNING and not folder.path.is_dir():
        raise FolderError(
            f"there is no node in {folder.path}",
            code="folder.absent",
            remedy="Name its folder with --data, or begin one: glejt serve",
        )
    try:
        with folder.held("a command"):
            async with opened_node(settings, folder, now) as node:
                return await ERRANDS[name](node, asked)
    except FolderError as error:
        if error.code != "folder.running":
            raise
    return await asked_of_running(folder, name, asked)


async def asked_of_running(folder: NodeFolder, name: str, asked: JsonObject) -> JsonObject:
    """What the node that runs in a folder answers; raises ControlError and ErrandError."""
    told = await ask(folder.control, orjson.dumps({"errand": name, "asked": asked}), seconds=ERRAND_SECONDS)
    match told:
        case {"answer": dict(answer)}:
            return answer
        case {"error": {"message": str(message), "code": str(code), "remedy": str(remedy)}}:
            raise ErrandError(message, code=code, remedy=remedy)
    raise ErrandError("the node that runs answered something else", code="control.answer", remedy="Start it anew.")


def now() -> datetime:
    """The time by this machine's clock."""
    return datetime.now(UTC)


ERRANDS: Final[Mapping[str, Errand]] = MappingProxyType(
    {**keeping.ERRANDS, **machine_keys.ERRANDS, **examining.ERRANDS}
)
"""By their names on the socket."""
