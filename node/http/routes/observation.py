"""Metrics, for whoever runs the node."""

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import Response

from node.http.access import Scope
from node.http.door import Answer, Door
from node.http.services import Services


def routes(services: Services) -> Door:
    """The routes."""
    door = Door(services, tag="Node")

    @door.get(
        "/metrics",
        access=Scope.NODE_OBSERVE,
        answers=[Answer(200, "All metrics.", "glejt_http_in_flight 1.0\n", media_type="text/plain")],
    )
    async def metrics() -> Response:
        """Metrics, in the text format of Prometheus.

        They count requests by route and status, and jobs of the processes that read foreign input by how they ended;
        nothing in them names an organisation or a person.
        """
        oldest = await services.work.oldest_waiting()
        services.telemetry.outbox(0.0 if oldest is None else (services.now() - oldest).total_seconds())
        return Response(services.telemetry.metrics(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    return door
