"""What a draft of an achievement would be if it were published now: its class, what to mend, and the version itself.

Pure, and over bytes, so that it can be done where foreign bytes are read.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

import orjson

from node.credentials.achievement import Achievement, read_achievement
from node.credentials.achievement_version import MAX_DRAFT_BYTES, misplaced, version_of
from node.credentials.award import Award, Learner
from node.credentials.compose import compose
from node.credentials.errors import CompositionError
from node.credentials.findings import Finding, wrong
from node.credentials.identity import Identity
from node.credentials.micro_credential.classification import Classification, classify_achievement
from node.documents import JsonObject, parse_object
from node.issuance.catalogue_card import card_of, words_of
from node.proofs.errors import ProofsError
from node.verification.vocabulary import vocabulary

MAX_PROBLEMS: Final = 100
"""Problems that are told: a hostile draft could have thousands, and nobody mends more in one go."""
_NOBODY: Final = "did:key:z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH"
_DAY: Final = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Review:
    """A draft, as it was understood."""

    document: JsonObject
    """The version as it would be published, complete where there are no problems."""
    found: Classification
    problems: tuple[Finding, ...]
    """What keeps it from being published."""

    def to_json(self) -> JsonObject:
        """The review as plain JSON; `text` is what would be published, to the byte, where nothing keeps it from that.

        `card` and `words` are what a catalogue shows and searches.
        """
        answer: JsonObject = {
            **self.found.to_json(),
            "problems": [
                {"code": one.code, "path": one.path, "message": one.message, "remedy": one.remedy}
                for one in self.problems[:MAX_PROBLEMS]
            ],
        }
        if not self.problems:
            answer |= {
                "text": orjson.dumps(self.document).decode(),
                "card": card_of(self.document, self.found),
                "words": words_of(self.document),
            }
        return answer


def review(data: bytes, url: str, number: int) -> Review:
    """What a draft would be as this version at this address; raises DocumentError for bytes that are no JSON object.

    1. It says nothing that only publication says.
    2. What it states of a micro-credential is classified, whatever else is wrong with it.
    3. It is an achievement that can be awarded.
    4. An award of it would be a credential that keeps its data model, has a class, and can be signed: each member has
       a meaning. Who learned, and who issues, is made up for that.
    """
    draft = parse_object(data, max_bytes=MAX_DRAFT_BYTES)
    document = version_of(draft, url, number)
    problems = list(misplaced(draft))  # 1.
    found = classify_achievement(document)  # 2.
    try:
        achievement = read_achievement(document)  # 3.
    except CompositionError as error:
        return Review(document, found, (*problems, *error.problems))
    whole: JsonObject = {"@context": document["@context"], **achievement.document}
    return Review(whole, found, (*problems, *_of_an_award(achievement)))  # 4.


def _of_an_award(achievement: Achievement) -> Iterator[Finding]:
    award = Award(
        id="urn:uuid:00000000-0000-4000-8000-000000000000",
        issuer={"id": _NOBODY, "type": ["Profile"], "name": "Nobody"},
        learner=Learner(identities=(Identity("name", "Sample Learner", None),)),
        valid_from=_DAY,
    )
    try:
        vocabulary(()).jsonld.to_rdf(compose(achievement, award))
    except CompositionError as error:
        yield from _at_home(error.problems)
    except ProofsError as error:
        place = error.path.removeprefix("/credentialSubject/achievement")
        yield wrong(f"achievement.{error.code}", place, str(error), error.remedy)


def _at_home(findings: Sequence[Finding]) -> Iterator[Finding]:
    """Problems of the made-up award are problems of the achievement: there is nothing else in it."""
    for one in findings:
        yield replace(one, path=one.path.removeprefix("/credentialSubject/achievement"))
