"""Many awards withdrawn at once: counted first, then done in the background, and followed."""

from typing import Annotated, Final

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response

from node.credentials.timestamps import format_timestamp
from node.documents import JsonObject, JsonValue
from node.http.access import Calling, Scope
from node.http.door import Answer, Body, Door
from node.http.granted import Granted, told
from node.http.routes.awards import moment_of
from node.http.services import Services
from node.issuance.aftercare.withdrawing import MAX_IDS, Choice, Withdrawing
from node.ports.aftercare import MAX_WORDS_CHARS, Reason, Withdrawal
from node.ports.awarding import Standing
from node.ports.oversight import Approval

PATH: Final = "/organisation/withdrawals"
MAX_BYTES: Final = 1024 * 1024
_ID: Final = "01990d5e-0000-7000-8000-000000000013"
_EXAMPLE: Final[JsonObject] = {
    "id": _ID,
    "state": "running",
    "chosen": {"achievement": "01990d5e-1111-7000-8000-000000000000", "version": 2},
    "reason": "error",
    "words": "Awarded by the wrong version.",
    "total": 1200,
    "changed": 1000,
    "unchanged": 0,
    "withoutPlace": 0,
    "madeAt": "2026-09-01T12:00:00Z",
    "finishedAt": None,
}
_SENT: Final[JsonObject] = {
    "filter": {"achievement": "01990d5e-1111-7000-8000-000000000000", "version": 2},
    "reason": "error",
    "words": "Awarded by the wrong version.",
    "dryRun": True,
}
_DRY: Final[JsonObject] = {"count": 1200, "digest": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}
Text = Annotated[str | None, Field(max_length=64)]


class AwardsThatFit(BaseModel):
    """Which awards; all that is given has to fit."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    achievement: Text = None
    version: Annotated[int | None, Field(ge=1, le=1_000_000_000)] = None
    profile: Text = None
    run: Text = None
    awarded_from: Annotated[str | None, Field(alias="awardedFrom", max_length=64)] = None
    awarded_before: Annotated[str | None, Field(alias="awardedBefore", max_length=64)] = None
    standing: Standing | None = None


class AwardsToWithdraw(BaseModel):
    """Which awards, and why. A dry run says how many they are."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    filter: AwardsThatFit | None = None
    awards: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=64)]] | None, Field(min_length=1, max_length=MAX_IDS)
    ] = None
    reason: Annotated[str, Field(max_length=32)]
    words: Annotated[str, Field(max_length=MAX_WORDS_CHARS)] = ""
    dry_run: Annotated[bool, Field(alias="dryRun")] = False

    @property
    def choice(self) -> Choice:
        """Which awards; ids come before a filter, and both are none."""
        if self.awards is not None:
            return Choice(ids=tuple(self.awards) if self.filter is None else ())
        fits = self.filter or AwardsThatFit()
        return Choice(
            achievement=fits.achievement,
            version=fits.version,
            profile=fits.profile,
            run=fits.run,
            awarded_from=moment_of(fits.awarded_from, "awardedFrom"),
            awarded_before=moment_of(fits.awarded_before, "awardedBefore"),
            standing=fits.standing,
        )


def routes(services: Services) -> Door:
    """The routes."""
    door = Door(services, tag="Awards")
    withdrawing = Withdrawing(store=services.store, work=services.work, now=services.now)

    @door.post(
        PATH,
        access=Scope.CREDENTIALS_STATUS,
        answers=[
            Answer(200, "Of a dry run: how many they are.", _DRY),
            Answer(202, "It is being done; or a second person was asked.", _EXAMPLE),
        ],
        body=Body(_SENT, max_bytes=MAX_BYTES),
        problems=[400, 409, 413, 422],
    )
    async def withdraw(sent: AwardsToWithdraw, caller: Calling, granted: Granted = None) -> Response:
        """Withdraw many awards for good: all that fit a filter, or those that are named.

        It goes on in the background, whatever happens to the node meanwhile; each status list is published once it is
        over. Awards that are made later are not meant. This cannot be taken back: look at a dry run first.
        """
        if sent.dry_run:
            counted = await withdrawing.count(caller.organisation, sent.choice)
            return JSONResponse({"count": counted.total, "digest": counted.digest})
        made = await withdrawing.order(caller, sent.choice, Reason(sent.reason, sent.words), granted)
        if isinstance(made, Approval):
            return told(made)
        return JSONResponse(_shown(made), status_code=202, headers={"Location": f"{PATH}/{made.id}"})

    @door.get(
        PATH, access=Scope.CREDENTIALS_READ, answers=[Answer(200, "The latest first.", {"withdrawals": [_EXAMPLE]})]
    )
    async def listed(caller: Calling) -> Response:
        """The withdrawals of many awards."""
        shown: list[JsonValue] = [_shown(each) for each in await withdrawing.listed(caller.organisation)]
        return JSONResponse({"withdrawals": shown})

    @door.get(
        f"{PATH}/{{withdrawal}}",
        access=Scope.CREDENTIALS_READ,
        answers=[Answer(200, "How far it has come.", _EXAMPLE)],
        problems=[404],
    )
    async def find(withdrawal: Annotated[str, Path(max_length=64)], caller: Calling) -> Response:
        """A withdrawal of many awards, and how far it has come."""
        return JSONResponse(_shown(await withdrawing.find(caller.organisation, withdrawal)))

    return door


def _shown(made: Withdrawal) -> JsonObject:
    chosen = dict(made.chosen)
    ids = chosen.pop("ids", None)
    return {
        "id": made.id,
        "state": made.state.value,
        "chosen": {"awards": len(ids)} if isinstance(ids, list) else chosen,
        "reason": made.reason,
        "words": made.words,
        "total": made.total,
        "changed": made.changed,
        "unchanged": made.unchanged,
        "withoutPlace": made.without,
        "madeAt": format_timestamp(made.made_at),
        "finishedAt": None if made.finished_at is None else format_timestamp(made.finished_at),
    }
