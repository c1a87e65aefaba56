"""A request that is sent twice, and counts once.

    key = idempotency_of(request, caller, await request.body())

    async def work(unit: UnitOfWork) -> JsonValue:
        return await once(unit, key, now, lambda: award(unit, …))

    answer = await store.change(caller.organisation, work)

The key, what is changed and the answer are one transaction: after a crash there is all of it, or nothing, and who comes
again gets the same answer. The answer is kept, so it must not have a secret in it. Keys of two callers never meet.

Spec: https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-idempotency-key-header-07
"""

import hashlib
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from starlette.requests import Request

from node.documents import JsonValue
from node.http.problems import ProblemError
from node.ports.api_keys import Caller
from node.ports.oversight import Request as Counted
from node.ports.store import UnitOfWork

HEADER: Final = "Idempotency-Key"
FORM: Final = r'"([!#-\[\]-~]{1,128})"|([!#-\[\]-~]{1,128})'
_FORM: Final = re.compile(FORM, re.ASCII)
_TAG: Final = b"glejt/idempotent-request/v1"


@dataclass(frozen=True, slots=True)
class Idempotency:
    """The name that a client gave to a request, and a digest of what was asked for."""

    key: str
    digest: bytes


def idempotency_of(request: Request, caller: Caller, body: bytes) -> Idempotency | None:
    """What the header says, or None without one; raises ProblemError for one that is no key."""
    said = request.headers.getlist(HEADER)
    if not said:
        return None
    form = _FORM.fullmatch(said[0])
    if form is None or len(said) > 1:
        raise ProblemError(
            400,
            "idempotency.key",
            f"{HEADER} is no key",
            "Give one of up to 128 visible characters, as a UUID in quotation marks.",
        )
    digest = hashlib.sha256(_TAG)
    for part in (request.method.encode(), request.url.path.encode(), request.url.query.encode(), body):
        digest.update(len(part).to_bytes(8) + part)
    return Idempotency(f"{caller.key}:{form[1] or form[2]}", digest.digest())


async def once(
    unit: UnitOfWork, key: Idempotency | None, at: datetime, work: Callable[[], Awaitable[JsonValue]]
) -> JsonValue:
    """The answer of the work, or the one that was given before under this key.

    Raises ConflictError where that was for something else. An answer has to be some JSON other than null.
    """
    if key is None:
        return await work()
    begun = await unit.requests.begin(Counted(key.key, key.digest, {}, at))
    if begun.answer is not None:
        return begun.answer
    answer = await work()
    if answer is None:
        raise TypeError("an answer that is kept is not null")
    await unit.requests.answer(key.key, answer)
    return answer
