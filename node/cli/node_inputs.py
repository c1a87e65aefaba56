"""What the commands for a node have in common: its settings, and the folder they are about."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from node import config
from node.adapters.extras import extra

if TYPE_CHECKING:
    from node.config.node_settings import NodeSettings


def node_settings(flags: Mapping[str, str | None]) -> "NodeSettings":
    """The settings of the node that is meant; raises ConfigError, and ExtraAbsentError for a base install."""
    extra("pydantic_settings")
    from node.config.node_settings import load_node  # noqa: PLC0415 -- the base install does without

    return load_node(flags, os.environ, folder=Path(), user_file=config.user_file())
