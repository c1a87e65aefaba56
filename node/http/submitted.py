"""What is handed over to be verified, in a message or as it is, and the answer to it."""

from collections.abc import Sequence
from typing import Final

from fastapi import Request
from starlette.responses import Response

from node.documents import MAX_PRESENTATION_BYTES, DocumentError, JsonObject
from node.exchange.challenges import Challenges
from node.exchange.verifying import Submission, Verifying
from node.http.body import JSON
from node.http.messages import Message, glance, invalid
from node.http.services import Services
from node.http.verification import answered
from node.ports.api_keys import Caller
from node.verification.capsule import CBOR_TYPE

MAX_SUBMITTED_BYTES: Final = 2 * 1024 * 1024
"""The largest presentation in a message, and most pictures with a credential in them."""
MAX_MESSAGE_BYTES: Final = MAX_PRESENTATION_BYTES + 64 * 1024
TAKEN: Final = (
    JSON,
    "application/vc",
    "application/vp",
    "application/vc+jwt",
    "application/vp+jwt",
    "application/jwt",
    "application/vc+sd-jwt",
    "application/vp+sd-jwt",
    "application/dc+sd-jwt",
    "text/plain",
    "image/png",
    "image/svg+xml",
    "application/pdf",
    "application/cbor",
    CBOR_TYPE,
)
"""A message in JSON, and the forms of a credential or presentation that are sent as they are."""
_IGNORED: Final = ("checks", "returnProblemDetails", "returnResults", "format")
"""Options that ask for less than is always done, or told."""


def verifying(services: Services) -> Verifying:
    """The use case."""
    challenges = Challenges(store=services.store, now=services.now, origin=services.public_url)
    return Verifying(
        judges=services.judges,
        challenges=challenges,
        policies=services.policies,
        usual=services.policy,
        now=services.now,
    )


async def verified(
    services: Services, caller: Caller | None, request: Request, members: Sequence[str], returning: str
) -> Response:
    """The answer to a request: the document is in one of these members of a message, or is the body itself.

    `returning` is the option by which the document is wanted back.
    """
    body = await request.body()
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == JSON and request.query_params:
        raise invalid("", "a message has its options inside: those of the address would say nothing")
    submission, returned = _message(body, members, returning) if kind == JSON else (_plain(request, body), {})
    answer = await verifying(services).verify(caller, submission)
    return answered(answer, returned)


def _message(body: bytes, members: Sequence[str], returning: str) -> tuple[Submission, JsonObject]:
    """What a message hands over. Its document is judged from the bytes, by whoever reads them strictly."""
    if len(body) > MAX_MESSAGE_BYTES:
        raise DocumentError(f"the message has more than {MAX_MESSAGE_BYTES} bytes", code="document.too_large")
    message = glance(body)
    inside = [name for name in members if message.has(name)]
    if len(inside) != 1:
        raise invalid(
            "",
            f"it has to have one of {', '.join(members)}; a document by itself is sent as application/vc",
        )
    document, options = message.anything(inside[0]), message.inner("options")
    message.end()
    submission = Submission(
        document=body,
        inside=inside[0],
        policy=options.optional("policy"),
        challenge=options.optional("challenge"),
        domain=options.optional("domain"),
    )
    wanted = options.flag(returning, missing=False)
    options.end(ignored=_IGNORED)
    name = returning.removeprefix("return").lower()
    return submission, {name if name == "credential" else "verifiablePresentation": document} if wanted else {}


def _plain(request: Request, body: bytes) -> Submission:
    """What is sent as it is; its options are parameters of the address."""
    given = request.query_params
    if len(given.multi_items()) != len(given):
        raise invalid("", "an option is there twice")
    options = Message(dict(given))
    found = Submission(
        document=body,
        policy=options.optional("policy"),
        challenge=options.optional("challenge"),
        domain=options.optional("domain"),
    )
    options.end()
    return found
