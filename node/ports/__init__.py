"""What the use cases ask of the outside, as Protocols; each has a version in `node.adapters`."""

from node.ports.key_store import KeyNotHeldError, KeyRetiredError, KeyStore

__all__ = ["KeyNotHeldError", "KeyRetiredError", "KeyStore"]
