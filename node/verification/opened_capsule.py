"""A capsule that is judged: its documents as one, and what a verdict takes from the rest of it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from node.credentials.contexts import Contexts
from node.documents import JsonObject, JsonValue
from node.verification.capsule import Capsule, read_capsule
from node.verification.ledger_material import LedgerMaterial
from node.verification.material import ResourceCopy, StatusListCopy, VerificationMaterial
from node.verification.trust import Trust
from node.verification.vocabulary import vocabulary

SAME, OTHER, UNKNOWN = "same", "other", "unknown"
_LONG_AGO: Final = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, slots=True)
class Opened:
    """A capsule that is to be judged: its documents as one, and what came with them."""

    capsule: Capsule

    @property
    def document(self) -> bytes:
        """What is judged."""
        return self.capsule.subject_bytes

    @property
    def beside(self) -> tuple[JsonValue, ...]:
        """The signed statements in it."""
        return self.capsule.beside_values

    @property
    def lists(self) -> tuple[StatusListCopy, ...]:
        """The status lists in it.

        When they were had, only the capsule says; by a late time they would crowd out those of the verifier's own.
        """
        return tuple([replace(copy, obtained_at=_LONG_AGO) for copy in self.capsule.material.status_lists])

    @property
    def accreditations(self) -> tuple[ResourceCopy, ...]:
        """The accreditations in it, about which chains are asked as about others."""
        return self.capsule.material.accreditations

    def ledgers(self, own: LedgerMaterial | None) -> LedgerMaterial | None:
        """What is known of chains already, and what the capsule has, which comes after it."""
        held = self.capsule.material.ledgers
        if held is None or own is None:
            return own or held
        return replace(
            own,
            receipts=_joined(own.receipts, held.receipts),
            checkpoints=_joined(own.checkpoints, held.checkpoints),
            facts=_joined(own.facts, held.facts),
            bridges=_joined(own.bridges, held.bridges),
        )

    def within(self, gathered: VerificationMaterial) -> VerificationMaterial:
        """What was gathered, and from the capsule what nobody else had."""
        held = self.capsule.material
        return replace(
            gathered,
            documents={**held.documents, **gathered.documents},
            former={did: item for did, item in held.documents.items() if did in gathered.documents},
            resources=_joined(gathered.resources, held.resources),
        )

    def told(self, trust: Trust) -> JsonObject:
        """What a report says of the capsule."""
        contexts: JsonObject = dict(compared_contexts(self.capsule, vocabulary(trust.contexts).contexts))
        return {"made": self.capsule.to_json()["made"], "contexts": contexts}


def opened(data: bytes) -> Opened | None:
    """The capsule in these bytes, None for what is none; raises CapsuleError for a broken one."""
    capsule = read_capsule(data)
    return None if capsule is None else Opened(capsule)


def compared_contexts(capsule: Capsule, known: Contexts) -> dict[str, str]:
    """Of each context that the maker of a capsule had, whether it is the one that is known here."""
    return {
        url: (SAME if known.digest(url) == digest else OTHER) if url in known else UNKNOWN
        for url, digest in capsule.contexts.items()
    }


def _joined[T](first: Iterable[T], second: Iterable[T]) -> tuple[T, ...]:
    return tuple(dict.fromkeys((*first, *second)))
