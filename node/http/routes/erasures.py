"""A person erased with all that there is: looked at first, then gone."""

from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response

from node.documents import JsonObject, JsonValue
from node.http.access import Calling, Scope
from node.http.door import Answer, Body, Door
from node.http.granted import ASKED, Granted, told
from node.http.services import Services
from node.issuance.erasing import Erasing, Person, Traces
from node.ports.oversight import Approval

PATH: Final = "/organisation/erasures"
_DIGEST: Final = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
_TRACES: Final[JsonObject] = {"awards": ["01990d5e-0000-7000-8000-000000000000"], "rejectedRows": 0, "digest": _DIGEST}
Text = Annotated[str | None, Field(max_length=256)]


class PersonToErase(BaseModel):
    """Who is to be erased. Without a digest, it is only looked at what there is."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    name: Text = None
    email: Text = None
    digest: Annotated[str | None, Field(max_length=64, description="Of what was looked at before.")] = None


def routes(services: Services) -> Door:
    """The routes."""
    door = Door(services, tag="Awards")
    erasing = Erasing(services.store, services.now)

    @door.post(
        PATH,
        access=Scope.ORGANISATION_MANAGE,
        answers=[Answer(200, "What there is, or was.", _TRACES), ASKED],
        body=Body({"name": "Demo Learner", "email": "learner@university.example", "digest": _DIGEST}),
        problems=[400, 409, 422],
    )
    async def erase(sent: PersonToErase, caller: Calling, granted: Granted = None) -> Response:
        """Erase a person: all awards of this name and address, with all that was signed, and rejected rows of runs.

        The first request, without `digest`, says what there is; the second, with it, erases exactly that. What the
        person has stays valid, and its status as it is, for good: who wants it withdrawn does that first.
        """
        person = Person(sent.name, sent.email)
        if sent.digest is None:
            return JSONResponse(_shown(await erasing.traces(caller.organisation, person)))
        done = await erasing.erase_person(caller, person, sent.digest, granted)
        return told(done) if isinstance(done, Approval) else JSONResponse(_shown(done))

    return door


def _shown(traces: Traces) -> JsonObject:
    awards: list[JsonValue] = [*traces.awards]
    return {"awards": awards, "rejectedRows": traces.rows, "digest": traces.digest}
