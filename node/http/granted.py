"""What a second person has to agree to, as the routes take and tell of it: a header, and an answer 202."""

from typing import Annotated, Final

from fastapi import Header
from starlette.responses import JSONResponse, Response

from node.credentials.timestamps import format_timestamp
from node.documents import JsonObject
from node.http.door import Answer
from node.ports.oversight import Approval

Granted = Annotated[
    str | None,
    Header(alias="Glejt-Approval", max_length=64, description="The id of what a second person has agreed to."),
]
ASKED: Final = Answer(
    202,
    "A second person was asked; nothing is done yet. Once it was granted, send the very same with its id.",
    {"approval": "01990d5e-0000-7000-8000-000000000000", "state": "waiting", "expiresAt": "2026-09-08T12:00:00Z"},
)


def told(value: JsonObject | Approval, *, status: int = 200) -> Response:
    """The answer of what was done, or of what was asked for."""
    if isinstance(value, Approval):
        asked = {"approval": value.id, "state": value.state.value, "expiresAt": format_timestamp(value.expires_at)}
        location = f"/organisation/approvals/{value.id}"
        return JSONResponse(asked, status_code=202, headers={"Location": location})
    return JSONResponse(value, status_code=status)
