"""A Judging by two pools of processes: one reads what strangers send, the other signs for issuers.

A process that read a stranger's document could have been overcome by it. None of those is ever asked to sign, and what
they say to have seen on a chain is remembered only once a process of the other pool found it there, too.

A task that needs something of the outside gives its process back, and is done again once that was brought.
"""

import asyncio
from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final, Protocol, Self

from node.adapters.json_rpc.client import JsonRpc
from node.adapters.json_rpc.errors import RpcConfigError
from node.adapters.judging.ending import together
from node.adapters.judging.errands import Errands, Load, Own, OwnChain, nothing_of_ours
from node.adapters.judging.judge import Wanting
from node.adapters.judging.pool import JOB_SECONDS, Judges
from node.adapters.judging.protocol import (
    AsOf,
    Bake,
    Brought,
    Check,
    CleanPicture,
    Confirm,
    Derive,
    Examine,
    Job,
    Need,
    Possess,
    PrintPage,
    ReadAccreditation,
    ReadPicture,
    Resolve,
    ReviewDraft,
    Secure,
    Task,
)
from node.adapters.judging.signing import OneKey
from node.documents import JsonObject, JsonValue
from node.ports.drafting import CleanedPicture
from node.ports.judging import (
    NO_VERSION,
    Examined,
    JudgeFailedError,
    JudgesError,
    PictureFacts,
    Question,
    Resolved,
    Secured,
    SigningOrder,
)
from node.ports.judging_load import PoolLoad
from node.ports.key_store import KeyStore
from node.verification.case import Request
from node.verification.errors import MaterialError, TrustError
from node.verification.gather import GATHER_SECONDS
from node.verification.report import Verdict
from node.verification.seen import NOTHING_SEEN, Seen, SeenHead
from node.verification.trust import NO_TRUST, Trust

MAX_ROUNDS: Final = 40
"""How often one task is done again: identifiers of a large presentation are looked up eight at a time."""
MAX_ERRANDS: Final = 256
"""What is brought for one task: every identifier and list of the largest presentation."""
CONFIRM_SECONDS: Final = 5.0
"""How much later news of chains is looked into: those of many documents together."""
MAX_CLAIMS: Final = 1024
"""News that wait to be looked into; what is beyond will be told again."""


class Judging:
    """`async with Judging(trust=…) as judging: examined = await judging.examine(…)`."""

    def __init__(  # noqa: PLR0913 -- whom to trust, whom to ask, what is known, and how much of it at once
        self,
        *,
        trust: Trust = NO_TRUST,
        online: bool = True,
        loopback: bool = False,
        at_localhost: bool = False,
        own: Own = nothing_of_ours,
        chain: OwnChain | None = None,
        seen: Seen = NOTHING_SEEN,
        keep: "Keeping | None" = None,
        size: int | None = None,
        seconds: float = JOB_SECONDS,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        errands: Errands | None = None,
    ) -> None:
        named = _without_secrets(trust)
        here = None if chain is None else (chain.chain, chain.contract)
        local = (
            loopback or at_localhost
        )  # names like that of a node at localhost are read; what is fetched stays guarded
        self._trust = named
        self._errands = errands or Errands(trust, loopback=loopback, own=own, chain=chain)
        self._online = online
        self._now = now
        self._keep = keep
        self.readers: Final = Judges(
            trust=named, size=size, seconds=seconds, loopback=local, own=here, seen=seen, serves=True
        )
        self.signers: Final = Judges(
            trust=named, size=size, seconds=seconds, loopback=local, own=here, seen=seen, serves=True
        )
        self._stack = AsyncExitStack()
        self._claims: dict[tuple[int, bytes, bytes, bytes, bytes], SeenHead] = {}
        self._claimed_chains: set[int] = set()
        self._confirming: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self._errands)
            await together(stack.enter_async_context(self.readers), stack.enter_async_context(self.signers))
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        try:
            if self._confirming is not None:
                self._confirming.cancel()
                await asyncio.gather(self._confirming, return_exceptions=True)
        finally:
            await self._stack.aclose()

    def loads(self) -> Mapping[str, PoolLoad]:
        """How the processes of both pools fare."""
        return {"readers": self.readers.load, "signers": self.signers.load}

    def forget_address(self, url: str) -> None:
        """Remember nothing of an address of ours: what is published there was changed."""
        self._errands.answers.forget_address(url)

    async def examine(self, document: bytes, question: Question) -> Examined:
        """The verdict on what was handed over."""
        told = await self._done(self.readers, Examine(document, question), offline=question.offline)
        report, capsule = told.get("report"), told.get("capsule")
        verdict = report.get("verdict") if isinstance(report, dict) else None
        if not isinstance(report, dict) or not isinstance(verdict, str) or verdict not in Verdict:
            raise JudgeFailedError("the process answered with something that is no report")
        self._note(told.get("seen"))
        return Examined(Verdict(verdict), report, capsule if isinstance(capsule, dict) else None)

    async def secure(self, document: bytes, order: SigningOrder, keys: KeyStore, *, created: datetime) -> Secured:
        """The credential, signed by the key of the order."""
        key = OneKey(keys, order.verification_method)
        job = Secure(document, order, key.public.to_multibase(), created)
        try:
            told = await self._done(self.signers, job, key=key)
        finally:
            key.raise_refusal()
        commitment = told.get("commitment")
        return Secured(
            _text(told, "body").encode(),
            _text(told, "mediaType"),
            _texts(told, "choosable"),
            _texts(told, "lost"),
            _texts(told, "kept"),
            bytes.fromhex(commitment) if isinstance(commitment, str) else None,
        )

    async def derive(
        self, document: bytes, reveal: tuple[str, ...] | JsonObject, *, request: Request | None = None
    ) -> JsonObject:
        """What a holder shows."""
        return await self._done(self.readers, Derive(document, reveal, request))

    async def check(self, document: bytes) -> JsonObject:
        """The class of an achievement or a credential."""
        return await self._done(self.readers, Check(document))

    async def resolve(self, did: str, *, version: Mapping[str, str] = NO_VERSION) -> Resolved:
        """What a DID stands for."""
        told = await self._done(self.readers, Resolve(did, tuple(version.items())))
        result, older, problem = told.get("result"), told.get("older"), told.get("problem")
        if not isinstance(result, dict) or not isinstance(older, dict):
            raise JudgeFailedError("the process answered with something that is no result")
        return Resolved(result, older, problem if isinstance(problem, str) else None, told.get("deactivated") is True)

    async def picture(self, data: bytes) -> PictureFacts:
        """What an uploaded picture is."""
        told = await self._done(self.readers, ReadPicture(data))
        badge, sides = told.get("badge"), (told.get("width"), told.get("height"))
        width, height = (side if isinstance(side, int) else None for side in sides)
        return PictureFacts(_text(told, "mediaType"), width, height, badge.encode() if isinstance(badge, str) else None)

    async def bake(self, picture: bytes, credential: bytes) -> bytes:
        """The picture with a credential in it."""
        return b64decode(_text(await self._done(self.readers, Bake(picture, credential)), "picture"))

    async def possession(self, presentation: bytes, request: Request, *, inside: str | None = None) -> str:
        """Whose key has signed a presentation."""
        return _text(await self._done(self.readers, Possess(presentation, request, self._now(), inside)), "holder")

    async def print_page(self, credential: bytes, language: str) -> bytes:
        """The page of a credential."""
        return b64decode(_text(await self._done(self.readers, PrintPage(credential, language)), "picture"))

    async def review(self, draft: bytes, url: str, number: int) -> JsonObject:
        """What a draft of an achievement would be; what comes of it is signed in awards, so strangers are kept away."""
        return await self._done(self.signers, ReviewDraft(draft, url, number))

    async def clean(self, picture: bytes) -> CleanedPicture:
        """The picture alone."""
        told = await self._done(self.readers, CleanPicture(picture))
        width, height = told.get("width"), told.get("height")
        if not isinstance(width, int) or not isinstance(height, int):
            raise JudgeFailedError("the process answered with something that is no picture")
        image = b64decode(_text(told, "image"))
        return CleanedPicture(image, _text(told, "mediaType"), width, height, _texts(told, "leftOut"))

    async def accredited(self, document: bytes) -> str:
        """Of whom a signed accreditation is."""
        return _text(await self._done(self.readers, ReadAccreditation(document)), "about")

    async def _done(self, pool: Judges, job: Job, *, offline: bool = False, key: OneKey | None = None) -> JsonObject:
        """What comes of a job, in as many rounds as it takes.

        1. A process does it as far as what was brought so far allows; what is remembered it is told at once.
        2. What it needs beyond that is brought, for so long and so much as one task may have.
        3. Then nobody is asked any more: the answer is given by what there is.
        """
        task, load = Task(job, self._now(), offline=offline or not self._online), Load()
        memory = _Memory(self._errands, load)
        left, end = pool.left(), 0.0
        brought: dict[Need, Brought] = {}
        try:
            for turn in range(MAX_ROUNDS):
                answer = await pool.run(  # 1.
                    task,
                    remembered=memory,
                    sign=key.sign if key is not None else None,
                    left=left,
                )
                if not isinstance(answer, Wanting):
                    return answer
                if task.last or task.offline:
                    break
                now = asyncio.get_running_loop().time
                if not turn:
                    end = now() + GATHER_SECONDS
                if any(need in brought for need in answer.needs):
                    break
                wanted = answer.needs[: MAX_ERRANDS - len(brought)]
                if wanted:
                    brought |= await self._errands.bring(wanted, load, end)  # 2.
                last = not wanted or now() >= end or turn >= MAX_ROUNDS - 2
                task = replace(task, brought=brought, last=last)  # 3.
        finally:
            self._errands.put_down(load)
        raise JudgeFailedError("the process needs what it was told that nobody brings")

    def _note(self, told: JsonValue) -> None:
        """Have looked into what a process says to have seen, where it is news."""
        if not isinstance(told, dict):
            return
        try:
            news = Seen.from_json(told)
        except MaterialError:
            return  # a process that was overcome by what it read may answer anything
        known = {head.place: head for head in self.readers.seen.heads}
        for head in news.heads:
            before = known.get(head.place)
            if (before is None or head.order > before.order) and len(self._claims) < MAX_CLAIMS:
                self._claims[head.place] = head
        latest = {block.place: block.number for block in self.readers.seen.blocks}
        fresh = [block for block in news.blocks if block.number > latest.get(block.place, -1)]
        if (self._claims or fresh) and len(self._claimed_chains) < MAX_CLAIMS:
            self._claimed_chains.update([block.chain_id for block in fresh])
            self._claimed_chains.update([head.chain_id for head in self._claims.values()])
        if self._claimed_chains and (self._confirming is None or self._confirming.done()):
            self._confirming = asyncio.create_task(self._confirm())

    async def _confirm(self) -> None:
        """Let both pools, and whoever keeps it, know what is on the chains indeed."""
        await asyncio.sleep(CONFIRM_SECONDS)
        claims, chains = tuple(self._claims.values()), tuple(self._claimed_chains)
        self._claims.clear()
        self._claimed_chains.clear()
        try:
            told = await self._done(self.signers, Confirm(claims, chains))
            news = Seen.from_json(told)
        except (JudgesError, MaterialError):
            return  # told again with the next document
        if not news:
            return
        for pool in (self.readers, self.signers):
            pool.learn(news)
        if self._keep is not None:
            await self._keep(self.readers.seen)


@dataclass(frozen=True, slots=True)
class _Memory:
    """What is remembered at once, for one task."""

    errands: Errands
    load: Load

    @property
    def as_of(self) -> AsOf:
        return self.errands.answers.as_of

    def told(self, needs: Sequence[Need]) -> Sequence[tuple[Brought, float] | None]:
        return self.errands.told(needs, self.load)


class Keeping(Protocol):
    """Takes over, for the next start, what is remembered of chains."""

    async def __call__(self, seen: Seen) -> None:
        """Keep this in the place of what was kept before; what cannot be kept is said elsewhere, and not raised."""


def _without_secrets(trust: Trust) -> Trust:
    """The trust with its nodes named by scheme, host and port: what else stands in an address may be a key."""
    try:
        chains = tuple([replace(chain, rpc=tuple([JsonRpc(url).name for url in chain.rpc])) for chain in trust.chains])
    except RpcConfigError as error:
        raise TrustError(
            f"the nodes of a chain cannot be asked: {error}", code=error.code, remedy=error.remedy
        ) from error
    return replace(trust, chains=chains)


def _text(told: JsonObject, member: str) -> str:
    value = told.get(member)
    if not isinstance(value, str):
        raise JudgeFailedError("the process answered with something that is no answer")
    return value


def _texts(told: JsonObject, member: str) -> tuple[str, ...]:
    values = told.get(member)
    if not isinstance(values, list):
        raise JudgeFailedError("the process answered with something that is no answer")
    return tuple([value for value in values if isinstance(value, str)])
