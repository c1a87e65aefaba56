"""Whether the process lives, and whether it can work."""

from starlette.responses import JSONResponse, Response

from node.http.access import PUBLIC
from node.http.door import Answer, Door
from node.http.problems import RETRY_SECONDS, ProblemError
from node.http.services import Services
from node.ports.errors import StoreError
from node.ports.store import NodeWork


def routes(services: Services) -> Door:
    """The routes."""
    door = Door(services, tag="Health")

    @door.get("/health/live", access=PUBLIC, answers=[Answer(200, "It lives.", {"status": "live"})])
    async def live() -> Response:
        """Whether the process answers at all.

        It asks nothing of anything else, so it answers while the node is busy.
        """
        return JSONResponse({"status": "live"})

    @door.get("/health/ready", access=PUBLIC, answers=[Answer(200, "It can work.", {"status": "ready"})])
    async def ready() -> Response:
        """Whether the node can work: its database answers, and takes changes.

        503 says to send requests elsewhere for now; also where it writes no more since its disk has failed.
        """
        try:
            await services.store.node_change(_look)
        except StoreError as error:
            raise ProblemError(
                503, error.code, str(error), error.remedy, headers={"Retry-After": str(RETRY_SECONDS)}
            ) from error
        return JSONResponse({"status": "ready"})

    return door


async def _look(node: NodeWork) -> None:
    """In a transaction that could change something, and changes nothing."""
    await node.organisations.listed(limit=1)
