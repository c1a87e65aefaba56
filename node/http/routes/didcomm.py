"""Envelopes and invitations of DIDComm: what anybody sends, and what leads people to where they are taken.

Spec: https://identity.foundation/didcomm-messaging/spec/v2.1/#https
"""

import asyncio
import io
from typing import Annotated, Final

import segno
from fastapi import Query, Request
from starlette.responses import RedirectResponse, Response

from node.didcomm.encrypted import MAX_ENVELOPE_BYTES
from node.didcomm.errors import DidCommError
from node.didcomm.message import ENCRYPTED
from node.didcomm.protocols.out_of_band import MAX_QR_CHARS
from node.documents import JsonObject
from node.exchange.didcomm.agent import Agent, Way
from node.exchange.didcomm.inviting import INVITATION_PATH, POST_PATH, Minted
from node.http.access import PUBLIC
from node.http.door import Answer, Body, Door
from node.http.negotiation import language_of
from node.http.pages.render import private
from node.http.problems import ProblemError
from node.http.services import Services
from node.http.telemetry import Telemetry
from node.ports.errors import StoreError
from node.ports.judging import JudgesError

QR_PATH: Final = f"{INVITATION_PATH}/qr"
SVG: Final = "image/svg+xml"
_SCALE: Final = 6
_SHORT_CHARS: Final = 64
MAX_SHOWN_CHARS: Final = 4096
"""Of an invitation in an address of ours: they have some eight hundred."""
_ENVELOPE: Final[JsonObject] = {
    "protected": "eyJ0eXAiOiJhcHBsaWNhdGlvbi9kaWRjb21tLWVuY3J5cHRlZCtqc29uIn0",
    "recipients": [{"header": {"kid": "did:peer:2.Ez6LS…#key-1"}, "encrypted_key": "…"}],
    "iv": "…",
    "ciphertext": "…",
    "tag": "…",
}
_NO_STORE: Final = {"Cache-Control": "no-store"}

Short = Annotated[str | None, Query(alias="_oobid", max_length=_SHORT_CHARS, description="A short address's own.")]
Whole = Annotated[str | None, Query(alias="_oob", max_length=MAX_SHOWN_CHARS, description="The invitation itself.")]


class AnswerWay:
    """The answer to a request: one envelope."""

    stays = False

    def __init__(self) -> None:
        self.data: bytes | None = None

    async def send(self, data: bytes) -> bool:
        """Answer with it, unless there is an answer already."""
        if self.data is not None:
            return False
        self.data = data
        return True


class SocketTakes:
    """What comes on WebSockets, for the agent."""

    def __init__(self, agent: Agent, telemetry: Telemetry) -> None:
        self._agent = agent
        self._telemetry = telemetry

    async def take(self, data: bytes, way: Way) -> bool:
        """Take an envelope; False for what is none. What could not be stored is sent again by who sent it."""
        if len(data) > MAX_ENVELOPE_BYTES:
            return False
        try:
            await self._agent.receive(data, way)
        except DidCommError:
            self._telemetry.refused("envelope")
            return False
        except (StoreError, JudgesError):
            self._telemetry.refused("overload")
        return True

    def gone(self, way: Way) -> None:
        """The way was closed."""
        self._agent.gone(way)


def routes(services: Services) -> Door:
    """The routes."""
    door = Door(services, tag="DIDComm")
    agent, inviting = services.conversing.agent, services.conversing.inviting

    @door.post(
        POST_PATH,
        access=PUBLIC,
        body=Body(_ENVELOPE, media_types=(ENCRYPTED,), max_bytes=MAX_ENVELOPE_BYTES),
        answers=[
            Answer(202, "It was taken, or passed over: whoever it was for knows which."),
            Answer(200, "It was taken, and this is the answer on the same way.", _ENVELOPE, ENCRYPTED),
        ],
        problems=[400],
    )
    async def take(request: Request) -> Response:
        """Take an encrypted message of DIDComm 2.1.

        A message that asks for it (`return_route`) has its answer here, if there is one. The same by WebSocket:
        /didcomm/ws, a text for each message; there, answers and what comes later come for as long as it is open.
        """
        way = AnswerWay()
        try:
            await agent.receive(await request.body(), way)
        except DidCommError as error:
            services.telemetry.refused("envelope")
            raise ProblemError(
                400, error.code, "what was sent is no encrypted message that can be opened", error.remedy
            ) from error
        if way.data is None:
            return Response(status_code=202, headers=_NO_STORE)
        return Response(way.data, media_type=ENCRYPTED, headers=_NO_STORE)

    @door.get(
        INVITATION_PATH,
        access=PUBLIC,
        answers=[
            Answer(200, "A page that tells people what to do with it.", "<!doctype html>…", "text/html"),
            Answer(302, "From a short address to the whole one."),
        ],
        problems=[404],
    )
    async def invitation(request: Request, oobid: Short = None, oob: Whole = None) -> Response:
        """Look at an invitation: a short address leads to the whole one, which a wallet reads by itself."""
        if oobid is not None:
            minted = inviting.minted(await inviting.behind(oobid))
            return RedirectResponse(minted.url, status_code=302, headers=_NO_STORE)
        if oob is None:
            raise ProblemError(
                404, "invitation.absent", "there is no invitation in this address", "Open it as it was given to you."
            )
        return private(request, "invitation.html", language_of(request), services.public_url, {})

    @door.get(
        QR_PATH,
        access=PUBLIC,
        answers=[Answer(200, "A picture of the address, for phones.", "<svg …>", SVG)],
        problems=[404],
    )
    async def picture(oobid: Annotated[str, Query(alias="_oobid", max_length=_SHORT_CHARS)]) -> Response:
        """Draw an invitation as a QR code."""
        minted = inviting.minted(await inviting.behind(oobid))
        return Response(await asyncio.to_thread(drawn, minted), media_type=SVG, headers=_NO_STORE)

    return door


def drawn(minted: Minted) -> bytes:
    """A picture of the invitation itself, or of its short address, where it would be too large for phones."""
    text = minted.url if len(minted.url) <= MAX_QR_CHARS else minted.short_url
    drawing = io.BytesIO()
    segno.make_qr(text, error="l").save(drawing, kind="svg", scale=_SCALE, xmldecl=False)
    return drawing.getvalue()
