"""A namespace in a file: its name, and what it was founded with; nothing in it is secret.

Whoever loses it looks the namespace up by its name; with it, anybody can open the namespace on a chain, and only as its
founder wanted.
"""

import json
from dataclasses import dataclass
from typing import Final, Self

from anchoring.checkpoint import Chain
from anchoring.errors import CallError
from anchoring.operations import OpenNamespace
from node.credentials.errors import RecordNameError
from node.credentials.record_name import RecordName
from node.documents import DocumentError, JsonObject, parse_object
from node.issuance.errors import NotAnchorableError

TYPE: Final = "TrustAnchorNamespace"
"""Also the type of the service by which a DID document says that a namespace is its subject's."""
MAX_BYTES: Final = 16 * 1024


@dataclass(frozen=True, slots=True)
class Namespace:
    """A namespace by its name, and, where that is known, its chain's first block and what opens it."""

    name: RecordName
    genesis: bytes | None = None
    opening: OpenNamespace | None = None

    @classmethod
    def founded(cls, opening: OpenNamespace, chain: Chain, contract: bytes) -> Self:
        """The namespace that this opens in a contract on a chain."""
        return cls(RecordName(chain.id, contract, opening.namespace), chain.genesis, opening)

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """The namespace in a file, or in a text that is its name; raises NotAnchorableError."""
        try:
            text = data.decode("ascii").strip()
            if not text.startswith("{"):
                return cls(RecordName.parse(text).record)
            return cls._read(parse_object(data, max_bytes=MAX_BYTES))
        except (
            UnicodeDecodeError,
            DocumentError,
            RecordNameError,
            CallError,
            KeyError,
            TypeError,
            ValueError,
        ) as error:
            raise NotAnchorableError(
                f"this names no namespace: {str(error)[:160]}",
                code="anchoring.namespace",
                remedy="Give the file that glejt anchor namespace create wrote, or a name: eip155:CHAIN:0x…#0x…",
            ) from error

    @classmethod
    def _read(cls, document: JsonObject) -> Self:
        name = RecordName.parse(str(document["id"])).record
        founding = document["founding"]
        if document.get("type") != TYPE or not isinstance(founding, dict):
            raise ValueError(f"its type is not {TYPE}")
        opening = OpenNamespace(*(_bytes(founding, member) for member in ("authority", "recovery", "salt")))
        if opening.namespace != name.namespace:
            raise ValueError("what it was founded with does not lead to its name")
        return cls(name, _bytes(document, "genesis"), opening)

    def encode(self) -> bytes:
        """The file; `parse` reads it."""
        founding: JsonObject = {}
        if self.opening is not None:
            members = ("authority", "recovery", "salt")
            founding = {member: f"0x{getattr(self.opening, member).hex()}" for member in members}
        genesis = f"0x{(self.genesis or b'').hex()}"
        document = {"type": TYPE, "id": str(self.name), "genesis": genesis, "founding": founding}
        return (json.dumps(document, indent=2) + "\n").encode()

    @property
    def service(self) -> JsonObject:
        """The service by which the owner's DID document says that the namespace is its subject's."""
        return {"id": "#anchors", "type": TYPE, "serviceEndpoint": str(self.name)}


def _bytes(document: JsonObject, member: str) -> bytes:
    return bytes.fromhex(str(document[member]).removeprefix("0x"))
