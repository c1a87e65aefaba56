"""Many tokens of one issuer, signed one by one: all the text of one is signed, and nothing of another can be kept."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from node.documents import UnsecuredDocument
from node.issuance.batch import Admit, Tally, admit_all

type Sign = Callable[[UnsecuredDocument], Awaitable[str]]
"""Gives the token for a document, and has verified its signature."""


@dataclass(frozen=True, slots=True)
class TokenBatch:
    """Answers as a `Batch` does, with tokens; `admit` judges each document beyond what signing demands."""

    sign: Sign
    admit: Admit = admit_all
    tally: Tally = field(default_factory=Tally)

    async def issue(self, document: UnsecuredDocument) -> bytes:
        """The token, as text; raises what signing it raises."""
        self.admit(document)
        token = await self.sign(document)
        self.tally.general += 1
        return token.encode()

    def finish(self) -> None:
        """Nothing is left to verify: each signature was as it was made."""
