"""All that the caller's organisation has, in one archive."""

from typing import Final

from starlette.responses import Response, StreamingResponse

from node.http.access import Calling, Scope
from node.http.door import Answer, Door
from node.http.services import Services
from node.issuance.exporting import Exporting

PATH: Final = "/organisation/export"
TAR: Final = "application/x-tar"
SECONDS: Final = 3600.0
"""A hundred thousand awards, to whoever reads them slowly."""
_FILE: Final = {"Content-Disposition": 'attachment; filename="organisation.tar"', "Cache-Control": "no-store"}


def routes(services: Services) -> Door:
    """The routes."""
    door = Door(services, tag="Organisation")
    exporting = Exporting(services.store, services.now)

    @door.post(
        PATH,
        access=Scope.ORGANISATION_MANAGE,
        also=(Scope.CREDENTIALS_READ, Scope.AUDIT_READ),
        answers=[Answer(200, "A tar archive, as it is made.", None, TAR)],
        problems=[403],
        seconds=SECONDS,
    )
    async def export(caller: Calling) -> Response:
        """Take out everything: achievements, awards, credentials, receipts, status lists, identifiers, register, log.

        Whoever has it checks it without the node: `glejt verify FOLDER --offline`, `sha256sum -c SHA256SUMS`. It has no
        keys and no secrets, but all names and addresses; so it takes a key that may also read awards and the log, and
        that it was asked for stands in the log.
        """
        return StreamingResponse(await exporting.export(caller), media_type=TAR, headers=_FILE)

    return door
