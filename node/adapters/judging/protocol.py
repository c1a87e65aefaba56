"""What the pool of judges and its processes say to each other: a length, then a message.

To a process go pickles, because only the pool writes them. What comes back is a letter and JSON, because a process
reads what strangers wrote, and the pool must be able to distrust it.

    READY   the process is warm
    DONE    the answer to the task
    REFUSED why there is none: the error of a document, a refusal by the rules, or the kind of a failure
    NEED    what of the outside the answer depends on; the task ends, and comes again with what was brought
    ASK     the same, of what may be remembered already: the process waits, and is told at once
    SIGN    a signature by the key of the task: the process waits

Behind DONE and REFUSED stands whether the process wants to be replaced.
"""

import pickle
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Final, NamedTuple

from anchoring.checkpoint import Chain
from anchoring.storage_proof import Contract
from node.adapters.judging.table_protocol import TableJob
from node.documents import JsonObject, JsonValue
from node.ports.judging import NOTHING_HELD, Held, Question, SigningOrder
from node.verification.case import Request
from node.verification.material import VerificationMaterial
from node.verification.policy import Policy
from node.verification.seen import NOTHING_SEEN, Seen, SeenHead
from node.verification.sources import Fetched
from node.verification.trust import Trust

MAX_POLICIES: Final = 16
"""Policies that are kept as bytes, and as what those say."""
LENGTH_BYTES: Final = 4
"""A big-endian number before each message: how many bytes follow."""
READY: Final = b"+"
DONE: Final = b"="
REFUSED: Final = b"!"
NEED: Final = b"?"
ASK: Final = b"@"
SIGN: Final = b"#"
TIRED: Final = b"t"
WELL: Final = b"w"


@dataclass(frozen=True, slots=True)
class FetchNeed:
    """What lies at an address that a stranger named. `max_age` is in seconds: how old it may be, where that matters."""

    url: str
    accept: str
    max_bytes: int
    same_host: bool = False
    max_age: int | None = None


@dataclass(frozen=True, slots=True)
class PostNeed:
    """What a node of a chain, by its name, answers to a message of JSON-RPC."""

    chain: int
    node: str
    message: str
    max_bytes: int


@dataclass(frozen=True, slots=True)
class OwnNeed:
    """What our own chain shows: its last block, or what a contract holds at the end of one."""

    chain: int
    block: tuple[int, bytes] | None = None
    contract: tuple[bytes, bytes] | None = None
    slots: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class OwnEventsNeed:
    """A block of our own chain by its number, with the receipts of all its transactions."""

    chain: int
    number: int


type Need = FetchNeed | PostNeed | OwnNeed | OwnEventsNeed


@dataclass(frozen=True, slots=True)
class Failure:
    """Why something was not brought; `kind` is the name of the error's class."""

    kind: str
    message: str
    code: str
    remedy: str
    status: int | None = None


type Brought = Fetched | bytes | tuple[int, bytes] | Failure
"""What an address answered with, what a node or our chain did, the number and hash of a block; or why there is none."""


def size_of(answer: Brought) -> int:
    """How many bytes somebody else chose."""
    match answer:
        case Fetched(body):
            return len(body)
        case bytes():
            return len(answer)
        case _:
            return 0


class AsOf(NamedTuple):
    """A moment of what the pool remembers: the era, which ends when any of it is taken back, and the pool's clock."""

    era: int
    clock: float


@dataclass(frozen=True, slots=True)
class SetUp:
    """What a process knows from its beginning. The nodes in its trust are named without what may be a key."""

    trust: Trust
    loopback: bool = False
    own: tuple[Chain, Contract] | None = None
    seen: Seen = NOTHING_SEEN
    serves: bool = False
    """Whether it works for a server, so that everything is imported before the first task."""


@dataclass(frozen=True, slots=True)
class Verify:
    """A document to be judged, with everything that was gathered for it."""

    document: bytes
    material: VerificationMaterial
    policy: Policy
    at: datetime
    request: Request | None = None
    beside: tuple[JsonValue, ...] = ()


@dataclass(frozen=True, slots=True)
class Examine:
    """A document to be judged, for which everything is still to be gathered."""

    document: bytes
    question: Question

    def __reduce__(self) -> tuple[object, ...]:
        """The policy goes as bytes of its own: a server has few, and each process reads each of them once."""
        asked = self.question
        held = None if asked.held is NOTHING_HELD else asked.held
        rest = (asked.at, asked.request, held, asked.offline, asked.inside)
        return _examine, (self.document, _policy_bytes(asked.policy), *rest)


def _examine(  # noqa: PLR0913, PLR0917 -- the members of a question
    document: bytes,
    policy: bytes,
    at: datetime,
    request: Request | None,
    held: Held | None,
    offline: bool,  # noqa: FBT001 -- as above
    inside: str | None,
) -> Examine:
    question = Question(
        policy=_policy(policy), at=at, request=request, held=held or NOTHING_HELD, offline=offline, inside=inside
    )
    return Examine(document, question)


@lru_cache(maxsize=MAX_POLICIES)
def _policy_bytes(policy: Policy) -> bytes:
    return pickle.dumps(policy)


@lru_cache(maxsize=MAX_POLICIES)
def _policy(data: bytes) -> Policy:
    policy: Policy = pickle.loads(data)  # noqa: S301 -- as all that goes to a process: from the pool
    return policy


@dataclass(frozen=True, slots=True)
class Secure:
    """A credential to be signed."""

    document: bytes
    order: SigningOrder
    key: str
    created: datetime


@dataclass(frozen=True, slots=True)
class Derive:
    """A credential of which a part is to be shown."""

    document: bytes
    reveal: tuple[str, ...] | JsonObject
    request: Request | None


@dataclass(frozen=True, slots=True)
class Check:
    """An achievement or a credential to be classified."""

    document: bytes


@dataclass(frozen=True, slots=True)
class Resolve:
    """A DID to be resolved."""

    did: str
    version: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ReadPicture:
    """A picture to be looked at."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Bake:
    """A picture to put a credential into."""

    picture: bytes
    credential: bytes


@dataclass(frozen=True, slots=True)
class ReviewDraft:
    """A draft of an achievement: what would it be as this version at this address?"""

    draft: bytes
    url: str
    number: int


@dataclass(frozen=True, slots=True)
class CleanPicture:
    """A picture of which nothing but the picture is to be left."""

    data: bytes


@dataclass(frozen=True, slots=True)
class ReadAccreditation:
    """A signed accreditation: of whom is it?"""

    document: bytes


@dataclass(frozen=True, slots=True)
class Possess:
    """A presentation: whose key has signed it, for this request?"""

    document: bytes
    request: Request
    at: datetime
    inside: str | None = None


@dataclass(frozen=True, slots=True)
class PrintPage:
    """A credential to be printed, in a language."""

    credential: bytes
    language: str


@dataclass(frozen=True, slots=True)
class Confirm:
    """Heads that are said to stand on a chain: what is there?"""

    heads: tuple[SeenHead, ...]
    chains: tuple[int, ...]


type Job = (
    Verify
    | Examine
    | Secure
    | Derive
    | Check
    | Resolve
    | ReadPicture
    | Bake
    | ReviewDraft
    | CleanPicture
    | ReadAccreditation
    | Possess
    | PrintPage
    | Confirm
    | TableJob
)


PICTURES: Final = (Bake, CleanPicture, PrintPage)
"""Jobs that are answered with a picture."""


@dataclass(frozen=True, slots=True)
class Task:
    """A job, and what was brought for it so far. Its clock stands still at `now`, so that doing it again is the same.

    `last` says that nobody will be asked any more, `offline` that nobody was to be. `learned` is what the process does
    not know yet of what was seen. `as_of` is by when something that the process was told before has to count still.
    """

    job: Job
    now: datetime
    brought: Mapping[Need, Brought] = field(default_factory=dict)
    last: bool = False
    offline: bool = False
    learned: Seen | None = None
    as_of: AsOf | None = None

    def __reduce__(self) -> tuple[object, ...]:
        """By its members: what dataclasses do for themselves costs as much as reading a small document."""
        return Task, (self.job, self.now, self.brought, self.last, self.offline, self.learned, self.as_of)


def framed(message: bytes) -> bytes:
    """A message with its length before it."""
    return len(message).to_bytes(LENGTH_BYTES) + message


def need_json(need: Need) -> list[JsonValue]:
    """A need as a process tells it."""
    match need:
        case FetchNeed(url, accept, max_bytes, same_host, max_age):
            return ["fetch", url, accept, max_bytes, same_host, max_age]
        case PostNeed(chain, node, message, max_bytes):
            return ["post", chain, node, message, max_bytes]
        case OwnNeed(chain, block, contract, slots):
            place: list[JsonValue] = [] if block is None else [block[0], block[1].hex()]
            where: list[JsonValue] = [] if contract is None else [part.hex() for part in contract]
            return ["own", chain, place, where, [slot.hex() for slot in slots]]
        case OwnEventsNeed(chain, number):
            return ["events", chain, number]


def need_from_json(value: JsonValue) -> Need:
    """The need that a process told; raises ValueError for anything else."""
    match value:
        case ["fetch", str(url), str(accept), int(max_bytes), bool(same_host), int() | None as max_age]:
            return FetchNeed(url, accept, max_bytes, same_host, max_age)
        case ["post", int(chain), str(node), str(message), int(max_bytes)]:
            return PostNeed(chain, node, message, max_bytes)
        case ["own", int(chain), [], [], []]:
            return OwnNeed(chain)
        case ["own", int(chain), [int(number), str(digest)], [str(address), str(code)], list(slots)]:
            words = tuple([bytes.fromhex(slot) if isinstance(slot, str) else b"" for slot in slots])
            contract = (bytes.fromhex(address), bytes.fromhex(code))
            return OwnNeed(chain, (number, bytes.fromhex(digest)), contract, words)
        case ["events", int(chain), int(number)]:
            return OwnEventsNeed(chain, number)
        case _:
            raise ValueError("this is nothing that is brought")
