"""Status lists with heads on a chain made by hand: documents that promise them, versions of a list, and proofs."""

import json
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from anchoring_support import CONTRACT, HandMadeState
from ledger_support import CHAIN, NAME, checkpoint, naming, seconds, trusting
from status_support import HOUR, LIST, copy_of, entry, status_list
from verification_support import AT, ISSUER, badge

from anchoring.checkpoint import Chain
from anchoring.facts import ENDLESS, HeadOf, StatusHead
from anchoring.heads import digest_of, list_id
from anchoring.layout import slots_of
from anchoring.memory import words_of
from node.credentials.record_name import Promise, RecordName
from node.verification.check import CheckName
from node.verification.ledger_material import FactProof, LedgerMaterial
from node.verification.material import Origin, StatusListCopy, VerificationMaterial

HEADS = replace(NAME, promise=Promise.HEADS)
TRUST = trusting(ISSUER)


def promising(*names: RecordName | str, entries=None, **members):
    """A signed credential that points into a list, and promises heads of it in these records."""
    given = {"credentialStatus": entries or [entry()], "evidence": naming(*(names or (HEADS,))), **members}
    return ISSUER.sign(badge(ISSUER, **given))


def published(document) -> str:
    """The text of a list as it is published."""
    return document if isinstance(document, str) else json.dumps(document)


def head(  # noqa: PLR0913 -- the members of a head
    document,
    version: int = 1,
    *,
    set_at: datetime = AT - HOUR / 2,
    until: datetime | int = AT + timedelta(days=1),
    era: int = 0,
    sealed: bool = False,
) -> StatusHead:
    """The head that names this version of a list."""
    end = ENDLESS if sealed else until if isinstance(until, int) else seconds(until)
    return StatusHead(digest_of(published(document).encode()), version, seconds(set_at), end, 0, era, sealed)


@dataclass
class Heads:
    """A record with these heads, at the end of a block."""

    heads: dict[str, StatusHead] = field(default_factory=dict)
    name: RecordName = HEADS
    number: int = 1000
    time: datetime = AT - timedelta(minutes=10)
    chain: Chain = CHAIN
    foreign: dict[RecordName, StatusHead] = field(default_factory=dict)
    """Heads of the usual list in other namespaces of the same contract."""

    @property
    def state(self) -> HandMadeState:
        words = {}
        held = {(self.name.namespace, url): fact for url, fact in self.heads.items()}
        for (namespace, url), fact in (
            held | {(name.namespace, LIST): fact for name, fact in self.foreign.items()}
        ).items():
            slots = slots_of(HeadOf(namespace, list_id(url)))
            words |= dict(zip(slots, words_of(fact), strict=True))
        contract = replace(CONTRACT, address=self.name.contract)
        return HandMadeState(words, number=self.number, timestamp=seconds(self.time), contract=contract)

    def proof(self, *urls: str, name: RecordName | None = None) -> FactProof:
        """The proof of the heads of these lists; of another record's where one is named."""
        asked = name or self.name
        questions = tuple(HeadOf(asked.namespace, list_id(url)) for url in urls or (LIST,))
        slots = [slot for question in questions for slot in slots_of(question)]
        proof = self.state.proof(slots).encode()
        return FactProof(self.chain.id, self.name.contract, questions, proof, Origin.FILE)

    @property
    def checkpoint(self) -> bytes:
        return checkpoint(self.state, chain=self.chain)


def shown(*records: Heads, lists=(), urls=(), **members) -> VerificationMaterial:
    """Material with these lists, and what proves these heads."""
    copies = tuple(
        each if isinstance(each, StatusListCopy) else copy_of(published(each), Origin.FILE) for each in lists
    )
    given = {
        "checkpoints": tuple(dict.fromkeys(record.checkpoint for record in records)),
        "facts": tuple(record.proof(*urls) for record in records),
        **members,
    }
    return VerificationMaterial(status_lists=copies, ledgers=LedgerMaterial(**given))


def seen_in(report) -> list:
    """The heads in the evidence of the check."""
    return report.check(CheckName.STATUS).evidence.get("heads", [])


OLD = status_list(signed=AT - 3 * HOUR)
NEW = status_list(signed=AT - HOUR)
"""Two versions of one list; each has its head half an hour later."""
OLD_HEAD = head(OLD, 1, set_at=AT - 2.5 * HOUR)
NEW_HEAD = head(NEW, 2)
DOCUMENT = promising()
