"""Names of rows; see `node.ports.identifiers`, where use cases get them, too."""

from node.ports.identifiers import new_id

__all__ = ["new_id"]
