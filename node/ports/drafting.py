"""Where drafts and pictures that somebody uploads are read: beside the server, as all foreign bytes are."""

from dataclasses import dataclass, field
from typing import Protocol

from node.documents import JsonObject


@dataclass(frozen=True, slots=True)
class CleanedPicture:
    """A picture that holds nothing but a picture, and the kinds of what was left out of it."""

    image: bytes = field(repr=False)
    media_type: str
    width: int
    height: int
    left_out: tuple[str, ...] = ()


class Drafting(Protocol):
    """What reads drafts and pictures. Raises JudgesError, InputRefusedError and DocumentError."""

    async def review(self, draft: bytes, url: str, number: int) -> JsonObject:
        """What a draft of an achievement would be as this version at this address.

        `{class, score, findings, problems, …}` without texts of help; where there are no problems also `text`, `card`
        and `words`: what would be published, shown, and searched.
        """

    async def accredited(self, document: bytes) -> str:
        """The DID that a signed accreditation is of, whoever signed it; refused where it is none."""

    async def clean(self, picture: bytes) -> CleanedPicture:
        """The picture alone, of a PNG or an SVG; refused where it is not sound."""
