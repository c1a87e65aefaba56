"""VCALM's presentations: asked for by a challenge, and verified as the answer to it.

Spec: https://www.w3.org/TR/vcalm/#verify-presentation, https://www.w3.org/TR/vcalm/#create-challenge
"""

from fastapi import Request
from starlette.responses import JSONResponse, Response

from node.credentials.timestamps import format_timestamp
from node.exchange.challenges import Challenges
from node.http.access import PUBLIC, Calling, MaybeCalling, Scope
from node.http.door import Answer, Body, Door
from node.http.examples import PRESENTATION, REFUSED, REPORTED
from node.http.services import Services
from node.http.submitted import MAX_SUBMITTED_BYTES, TAKEN, verified

CHALLENGE = "glejt-challenge-5f0c8a4bd1e94c0e9a57f3b6d2817c40"


def routes(services: Services) -> Door:
    """The routes."""
    door = Door(services, tag="Presentations")
    challenges = Challenges(store=services.store, now=services.now, origin=services.public_url)

    @door.post(
        "/presentations/verify",
        access=PUBLIC if services.verifies_for_anybody else Scope.VERIFY,
        body=Body(
            {"verifiablePresentation": PRESENTATION, "options": {"challenge": CHALLENGE}},
            media_types=TAKEN,
            max_bytes=MAX_SUBMITTED_BYTES,
        ),
        answers=[Answer(200, "Accepted by the policy, all of it.", REPORTED), REFUSED],
    )
    async def verify(request: Request, caller: MaybeCalling) -> Response:
        """Judge a presentation and every credential in it: 200 where all is accepted, else 400 with the same members.

        With a `challenge`, whoever shows it has to be the one it is about, and to have signed that challenge and the
        `domain`; without a domain, the origin of this node. A challenge drawn here (POST /challenges) counts once:
        the first verdict spends it, whatever it is, and it counts for nobody but the organisation that had it drawn.
        Any other challenge is your own: it is compared, and you see to it that it counts once. Without a challenge
        anybody may have shown it, which the report says.
        """
        members = ("verifiablePresentation", "presentation")
        return await verified(services, caller, request, members, "returnPresentation")

    @door.post(
        "/challenges",
        access=Scope.PRESENTATIONS_REQUEST,
        body=Body({}, max_bytes=1024, required=False),
        answers=[
            Answer(
                200,
                "A challenge for one presentation.",
                {"challenge": CHALLENGE, "domain": "https://node.example", "expires": "2026-09-01T12:05:00Z"},
            )
        ],
    )
    async def draw(caller: Calling) -> Response:
        """Draw a challenge, to be answered once, within five minutes, for this node's own origin."""
        made = await challenges.draw(caller.organisation)
        return JSONResponse(
            {"challenge": made.challenge, "domain": made.domain, "expires": format_timestamp(made.expires_at)}
        )

    return door
