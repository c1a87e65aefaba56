"""Libraries that the base install does without, loaded where they are used."""

from importlib import import_module
from types import ModuleType

from node.adapters.errors import ExtraAbsentError


def extra(library: str, *, of: str = "node") -> ModuleType:
    """The library; raises ExtraAbsentError, which names the extra `of` that brings it, where it is not installed."""
    try:
        return import_module(library)
    except ImportError as error:
        raise ExtraAbsentError(library, of) from error
