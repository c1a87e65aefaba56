"""The one document that `glejt verify --expect` takes: that of a printed page, by the digest in its code."""

from dataclasses import dataclass
from typing import Self

from node.cli.errors import CliError, Refused
from node.credentials.errors import PaperError
from node.credentials.paper_code import PaperCode, code_for, read_expected


@dataclass(frozen=True, slots=True)
class Expected:
    """The document that a page names."""

    code: PaperCode

    @classmethod
    def named(cls, text: str) -> Self:
        """The one that is named by the text of a code, or by a digest."""
        try:
            return cls(read_expected(text))
        except PaperError as error:
            raise CliError("usage.expected", value=text) from error

    def require(self, credential: bytes) -> None:
        """Refuse another one: it may be genuine, but it is not what the page was printed for."""
        if (digest := code_for(credential, None).digest) != self.code.digest:
            raise Refused("expected.other", digest=digest, expected=self.code.digest)
