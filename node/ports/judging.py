"""Where foreign input is read: beside the server, never in it. A server that reads strangers' bytes goes by this port.

JudgesError
├── JudgesBusyError      judges.busy      all processes are at work and enough callers wait: try again later
├── JudgesClosedError    judges.closed    nothing is read before the service has started, or while it ends
├── JudgeTimeoutError    judges.time      it took longer than one may
├── JudgeMemoryError     judges.memory    it wanted more memory than one may have
└── JudgeFailedError     judges.failed    the process ended, or met a bug, while it read this
InputRefusedError        as in the tree of the room that refused it: `issuance.…`, `proof.…`, `picture.…`, `wallet.…`

A DocumentError for bytes that are no document passes on as it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Protocol

from node.documents import JsonObject
from node.ports.drafting import Drafting
from node.ports.key_store import KeyStore
from node.verification.case import Request
from node.verification.policy import Policy
from node.verification.report import Verdict


class JudgesError(Exception):
    """Foreign input was not read to its end; nothing is known about it."""

    code = "judges"
    remedy = "Try again; if it happens again, report it with this code."


class JudgesBusyError(JudgesError):
    """All processes are at work and enough callers wait already."""

    code = "judges.busy"
    remedy = "Try again in a few seconds."


class JudgesClosedError(JudgesError):
    """No process is there to read anything."""

    code = "judges.closed"
    remedy = "Wait until the service has started again."


class JudgeTimeoutError(JudgesError):
    """It took longer than one may."""

    code = "judges.time"
    remedy = "Check this document on a machine of your own with: glejt verify FILE"


class JudgeMemoryError(JudgesError):
    """It wanted more memory than one may have."""

    code = "judges.memory"
    remedy = "Check this document on a machine of your own with: glejt verify FILE"


class JudgeFailedError(JudgesError):
    """The process that read it ended or met a bug."""

    code = "judges.failed"


class InputRefusedError(Exception):
    """What was handed over was read, and by the rules nothing is made of it.

    `wrong` says that it is the input's fault; else it could not be told, and may be told another time.
    """

    def __init__(self, message: str, *, code: str, remedy: str, path: str = "", wrong: bool = True) -> None:
        super().__init__(message)
        self.code = code
        self.remedy = remedy
        self.path = path
        self.wrong = wrong


@dataclass(frozen=True, slots=True)
class Held:
    """What was handed over with a document, each as it came, unread."""

    labels: tuple[bytes, ...] = ()
    receipts: tuple[bytes, ...] = ()
    status_lists: tuple[bytes, ...] = ()
    accreditations: tuple[bytes, ...] = ()


NOTHING_HELD: Final = Held()


class Form(StrEnum):
    """What is made of a credential."""

    PROOF = "proof"
    """The document with a proof in it."""
    JWT = "jwt"
    """A token around it."""
    SD_JWT = "sd-jwt"
    """A token of which its holder chooses what to show."""


@dataclass(frozen=True, slots=True)
class SigningOrder:
    """One issuer's way of signing, in plain words: a verification method of it, a form, and what goes with that.

    `signs` and `epoch` are the scope of a BBS key. `vct` asks for the claims of a wallet form; `token_status` is then
    its place in a Token Status List, as an address and an index.
    """

    verification_method: str
    cryptosuite: str
    form: Form = Form.PROOF
    proof_array: bool = False
    mandatory: tuple[str, ...] = ()
    awarded_date: bool = True
    signs: str | None = None
    epoch: str | None = None
    vct: str | None = None
    token_status: tuple[str, int] | None = None
    anchored: bool = False
    """Whether the commitment is wanted that is anchored for it."""


@dataclass(frozen=True, slots=True)
class Examined:
    """The verdict on a document, and the report of it as `Report.to_json` gives it.

    `capsule` is what is to be said of the capsule that it came in.
    """

    verdict: Verdict
    report: JsonObject
    capsule: JsonObject | None = None


@dataclass(frozen=True, slots=True)
class Secured:
    """A signed credential, to the byte as it is to be handed out: JSON without white space, or the text of a token.

    Of a token whose holder chooses, `choosable` are pointers to what may be hidden; `lost` and `kept` as in issuing.
    `commitment` is what is anchored for it, where that was asked for.
    """

    body: bytes
    media_type: str
    choosable: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    commitment: bytes | None = None


@dataclass(frozen=True, slots=True)
class Resolved:
    """The result of a resolution, and its older form; the document stands in both. `problem` is a registered type."""

    result: JsonObject
    older: JsonObject
    problem: str | None = None
    deactivated: bool = False

    @property
    def document(self) -> JsonObject | None:
        """The document alone, where there is one."""
        document = self.result.get("didDocument")
        return document if isinstance(document, dict) else None


@dataclass(frozen=True, slots=True)
class PictureFacts:
    """What an uploaded picture is; `badge` is the credential in it, where there is one. An SVG has no pixels."""

    media_type: str
    width: int | None
    height: int | None
    badge: bytes | None = None


NO_VERSION: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """How a document is to be examined."""

    policy: Policy
    at: datetime
    request: Request | None = None
    held: Held = field(default=NOTHING_HELD)
    offline: bool = False
    """Whether nobody is to be asked anything that is not remembered here."""
    inside: str | None = None
    """The member of a JSON object whose value is the document, where what came is a message around it."""


class Judging(Drafting, Protocol):
    """What reads foreign bytes for a server. Everything raises JudgesError, InputRefusedError and DocumentError."""

    async def examine(self, document: bytes, question: Question) -> Examined:
        """The verdict on a credential, a presentation, a token, a capsule, or the badge in a picture."""

    async def secure(self, document: bytes, order: SigningOrder, keys: KeyStore, *, created: datetime) -> Secured:
        """The credential, signed by exactly the key of the order; what reads the document never has that key.

        Raises KeyNotHeldError and KeyRetiredError as the keys do.
        """

    async def derive(
        self, document: bytes, reveal: tuple[str, ...] | JsonObject, *, request: Request | None = None
    ) -> JsonObject:
        """What a holder shows: `{form, credential, disclosed, hidden, remarks}`; `reveal` are pointers or a request."""

    async def check(self, document: bytes) -> JsonObject:
        """The class, the score and the findings of an achievement or a credential by the rules for micro-credentials.

        `{kind: achievement | credential, …}` as `glejt achievement check --json` answers, without texts of help.
        """

    async def resolve(self, did: str, *, version: Mapping[str, str] = NO_VERSION) -> Resolved:
        """What a DID stands for; `version` is one of versionId, versionTime, versionNumber. Problems are answers."""

    async def picture(self, data: bytes) -> PictureFacts:
        """What a PNG or SVG is; refused where a strict reader finds more in it than a picture."""

    async def possession(self, presentation: bytes, request: Request, *, inside: str | None = None) -> str:
        """The DID whose key has signed a presentation, for this request and now; refused where nobody's has."""

    async def print_page(self, credential: bytes, language: str) -> bytes:
        """A page with a signed credential, as a PDF that has it attached."""

    async def bake(self, picture: bytes, credential: bytes) -> bytes:
        """The picture with a signed credential in it, in the place of one that may be there."""
