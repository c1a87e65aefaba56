"""What `glejt doctor` looks at of a node: its settings, its folder, and what only the node itself can see."""

import asyncio
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.util import find_spec
from typing import TYPE_CHECKING

from node.cli.errors import Coded, describe
from node.cli.invocation import Invocation
from node.cli.node_inputs import node_settings
from node.cli.output import visible
from node.config import ConfigError
from node.documents import JsonObject

if TYPE_CHECKING:
    from node.config.node_settings import NodeSettings

type Told = tuple[str, str, dict[str, str] | None]
"""An examination by its name: what was found, or what is wrong and how to mend it."""


def examine_node(invocation: Invocation, data: str | None) -> Iterator[Told]:
    """Examine the node that is set up or lies in a folder; nothing where there is none."""
    if data is None and find_spec("pydantic_settings") is None:
        return
    try:
        settings = node_settings({"data": data})
        if not settings.model_fields_set and not settings.data.is_dir():
            return
        found = asyncio.run(_found(settings))
    except ConfigError as error:
        yield _problem(invocation, "node_settings", error)
        return
    except Exception as error:
        if not isinstance(error, Coded):
            raise
        yield _problem(invocation, "node_database", error)
        return
    for each in found:
        yield _told(invocation, each)


async def _found(settings: "NodeSettings") -> list[JsonObject]:
    from node.adapters.node_folder import NodeFolder  # noqa: PLC0415 -- the base install has no database
    from node.app.errands import asked_of_running  # noqa: PLC0415 -- as above
    from node.app.examining import examine_outside, examined  # noqa: PLC0415 -- as above
    from node.app.private_memory import keep_memory_private  # noqa: PLC0415 -- as above

    keep_memory_private()  # the master key is opened, to see that it can be
    folder = NodeFolder(settings.data)
    if not folder.is_held:
        return await examined(settings, os.environ, datetime.now(UTC))
    asked = await asked_of_running(folder, "examine", {})
    inside, master = asked["findings"], asked.get("masterKey")
    outside = await examine_outside(settings, os.environ, master if isinstance(master, dict) else None)
    return outside + [each for each in inside if isinstance(each, dict)] if isinstance(inside, list) else outside


def _told(invocation: Invocation, found: JsonObject) -> Told:
    name, problem, values = str(found["name"]), found.get("problem"), found.get("values")
    if isinstance(problem, dict):
        return _problem(invocation, name, _Found(*(str(problem[each]) for each in ("message", "code", "remedy"))))
    shown = {each: visible(value) for each, value in values.items()} if isinstance(values, dict) else {}
    return name, invocation.words(f"doctor.{found.get('words', name)}", **shown), None


class _Found(Exception):  # noqa: N818 -- it is told, and not raised
    """A problem, as errors are told."""

    def __init__(self, message: str, code: str, remedy: str) -> None:
        super().__init__(message)
        self.code = code
        self.remedy = remedy


def _problem(invocation: Invocation, name: str, error: Exception) -> Told:
    told = describe(error, invocation.words)
    return name, told.pop("message"), told
