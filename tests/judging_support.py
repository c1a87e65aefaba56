"""A Judging in this process: what the processes of the pool do, without their cost, and with the test's own web."""

import asyncio
from base64 import b64decode
from datetime import UTC, datetime

from node.adapters.judging.jobs import REFUSALS, Desk, refusal
from node.adapters.judging.outside import OVER, Outside, Runner
from node.adapters.judging.protocol import (
    Bake,
    Check,
    CleanPicture,
    Derive,
    Examine,
    FetchNeed,
    Possess,
    PrintPage,
    ReadAccreditation,
    ReadPicture,
    Resolve,
    ReviewDraft,
    Secure,
    SetUp,
    Task,
)
from node.ports.drafting import CleanedPicture
from node.ports.judging import Examined, InputRefusedError, PictureFacts, Resolved, Secured
from node.verification.report import Verdict
from node.verification.sources import Fetched
from node.verification.trust import NO_TRUST


class HereJudging:
    """A Judging. `fetch` is a coroutine function from an address to its bytes, or None where there are none."""

    def __init__(self, trust=NO_TRUST, fetch=None, now=lambda: datetime.now(UTC)):
        self.fetch = fetch
        self.now = now
        self.examined = 0
        self._set_up = SetUp(trust)

    async def _do(self, job, keys=None):
        loop = asyncio.get_running_loop()
        brought = {}
        while True:
            task = Task(job, self.now(), dict(brought))
            outside = Outside(task, _Nothing())
            desk = Desk(self._set_up, _Signatures(loop, keys))
            try:
                result = await asyncio.to_thread(lambda desk=desk, outside=outside: _run(desk, job, outside))
            except REFUSALS as error:
                raise InputRefusedError(**refusal(error)) from error
            if result is not None:
                return result
            for need in outside.wanting:
                brought[need] = await self._bring(need)

    async def _bring(self, need):
        if isinstance(need, FetchNeed) and self.fetch is not None:
            body = await self.fetch(need.url)
            if body is not None:
                return Fetched(body, "", need.url, self.now())
        return OVER

    async def examine(self, document, question):
        self.examined += 1
        told = await self._do(Examine(document, question))
        return Examined(Verdict(told["report"]["verdict"]), told["report"])

    async def secure(self, document, order, keys, *, created):
        key = keys.public_key(order.verification_method).to_multibase()
        told = await self._do(Secure(document, order, key, created), keys)
        commitment = told["commitment"] and bytes.fromhex(told["commitment"])
        more = {name: tuple(told[name]) for name in ("choosable", "lost", "kept")}
        return Secured(told["body"].encode(), told["mediaType"], **more, commitment=commitment)

    async def derive(self, document, reveal, *, request=None):
        return await self._do(Derive(document, reveal, request))

    async def check(self, document):
        return await self._do(Check(document))

    async def resolve(self, did, *, version=None):
        told = await self._do(Resolve(did, tuple((version or {}).items())))
        return Resolved(told["result"], told["older"], told["problem"], told["deactivated"])

    async def picture(self, data):
        told = await self._do(ReadPicture(data))
        badge = told["badge"] and told["badge"].encode()
        return PictureFacts(told["mediaType"], told["width"], told["height"], badge)

    async def bake(self, picture, credential):
        return b64decode((await self._do(Bake(picture, credential)))["picture"])

    async def possession(self, presentation, request, *, inside=None):
        return (await self._do(Possess(presentation, request, self.now(), inside)))["holder"]

    async def print_page(self, credential, language):
        return b64decode((await self._do(PrintPage(credential, language)))["picture"])

    async def review(self, draft, url, number):
        return await self._do(ReviewDraft(draft, url, number))

    async def accredited(self, document):
        return (await self._do(ReadAccreditation(document)))["about"]

    async def clean(self, picture):
        told = await self._do(CleanPicture(picture))
        sides = told["width"], told["height"]
        return CleanedPicture(b64decode(told["image"]), told["mediaType"], *sides, tuple(told["leftOut"]))


def _run(desk, job, outside):
    runner = Runner()
    try:
        return runner.run(desk.do(job, outside), outside)
    finally:
        runner._loop.close()


class _Nothing:
    def remembered(self, needs):
        return [None] * len(needs)


class _Signatures:
    """Signatures by keys that live on another loop."""

    def __init__(self, loop, keys):
        self._loop = loop
        self._keys = keys

    def sign(self, method, data):
        return self._wait(self._keys.sign(method, data))

    def sign_messages(self, method, header, messages):
        return self._wait(self._keys.sign_messages(method, header, messages))

    def _wait(self, signing):
        return asyncio.run_coroutine_threadsafe(signing, self._loop).result()
