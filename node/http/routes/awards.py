"""What an organisation has awarded: looked through, and taken out as credentials, receipts and capsules."""

from datetime import datetime
from typing import Annotated, Final

from fastapi import Query
from starlette.responses import JSONResponse, Response

from anchoring.receipt import Receipt
from node.credentials.errors import TimestampError
from node.credentials.timestamps import format_timestamp, parse_timestamp
from node.documents import JsonObject, JsonValue
from node.http.access import Calling, Scope
from node.http.door import Answer, Door
from node.http.examples import SECURED
from node.http.granted import ASKED, Granted, told
from node.http.problems import ProblemError
from node.http.routes.downloads import A_RECEIPT, RECEIPT
from node.http.services import Services
from node.issuance.aftercare.changing import standing_of
from node.issuance.erasing import Erasing
from node.issuance.evidence import Evidence, capsule_bytes
from node.issuance.issuing import JWT_MEDIA_TYPE, PROOF_MEDIA_TYPE, SD_JWT_MEDIA_TYPE, WALLET_MEDIA_TYPE
from node.ports.awarding import MAX_FOUND, Award, AwardQuery, AwardState, Secured, Standing
from node.proofs.jose.jws import parse_jws
from node.verification.capsule import CBOR_TYPE, JSON_TYPE

PATH: Final = "/organisation/awards"
MAX_WORDS_CHARS: Final = 200
TIME: Final = "A date and time with its zone."
_AWARD: Final[JsonObject] = {
    "id": "01990d5e-0000-7000-8000-000000000000",
    "name": "Demo Learner",
    "email": "learner@university.example",
    "achievement": "01990d5e-1111-7000-8000-000000000000",
    "version": 1,
    "profile": "school",
    "state": "issued",
    "awardedAt": "2026-09-01T12:00:00Z",
    "clientKey": "row-1",
    "replaces": None,
    "standing": "good",
    "validUntil": "2028-09-01T12:00:00Z",
}
_FORMS: Final[JsonObject] = {
    **_AWARD,
    "credentials": [{"form": "eddsa-rdfc-2022", "id": "urn:uuid:…", "signedAt": "2026-09-01T12:00:00Z"}],
}
_TOKENS: Final = frozenset({JWT_MEDIA_TYPE, SD_JWT_MEDIA_TYPE, WALLET_MEDIA_TYPE})
_FILE: Final = {"Content-Disposition": "attachment"}

Form = Annotated[
    str | None, Query(max_length=64, description="One of several forms in which it was signed; else the first.")
]


def routes(services: Services) -> Door:
    """The routes."""
    door = Door(services, tag="Awards")
    evidence = Evidence(services.store, services.proving)
    erasing = Erasing(services.store, services.now)

    @door.get(
        PATH,
        access=Scope.CREDENTIALS_READ,
        answers=[Answer(200, "A page of them, the newest first.", {"awards": [_AWARD], "next": None})],
    )
    async def search(  # noqa: PLR0913, PLR0917 -- each is a part of the question
        caller: Calling,
        words: Annotated[
            str | None,
            Query(
                max_length=MAX_WORDS_CHARS, description="The beginning of a name, a family name or an e-mail address."
            ),
        ] = None,
        achievement: Annotated[str | None, Query(max_length=64)] = None,
        state: AwardState | None = None,
        version: Annotated[int | None, Query(ge=1)] = None,
        profile: Annotated[str | None, Query(max_length=64)] = None,
        run: Annotated[str | None, Query(max_length=64, description="The run that has awarded them.")] = None,
        standing: Annotated[Standing | None, Query(description="Of what was issued; `waiting` is a state.")] = None,
        ends_before: Annotated[str | None, Query(alias="endsBefore", description=TIME)] = None,
        awarded_from: Annotated[str | None, Query(alias="awardedFrom", description=TIME)] = None,
        awarded_before: Annotated[str | None, Query(alias="awardedBefore", description=TIME)] = None,
        before: Annotated[str | None, Query(max_length=64, description="`next` of the page before.")] = None,
        limit: Annotated[int, Query(ge=1, le=MAX_FOUND)] = 50,
    ) -> Response:
        """Look through the awards of the organisation; all that is given has to fit."""
        now = services.now()
        query = AwardQuery(
            words,
            achievement,
            state,
            before,
            limit,
            version=version,
            profile=profile,
            run=run,
            standing=standing,
            at=now,
            ends_before=moment_of(ends_before, "endsBefore"),
            awarded_from=moment_of(awarded_from, "awardedFrom"),
            awarded_before=moment_of(awarded_before, "awardedBefore"),
        )
        found = await evidence.search(caller.organisation, query)
        following = found[-1][0].id if len(found) == limit else None
        shown: list[JsonValue] = [_shown(award, standing_of(award, said, now)) for award, said in found]
        return JSONResponse({"awards": shown, "next": following})

    @door.get(f"{PATH}/{{award}}", access=Scope.CREDENTIALS_READ, answers=[Answer(200, "It.", _FORMS)], problems=[404])
    async def find(award: str, caller: Calling) -> Response:
        """An award, and the forms in which it was signed."""
        found, said, forms = await evidence.award(caller.organisation, award)
        shown = _shown(found, standing_of(found, said, services.now()))
        return JSONResponse({**shown, "credentials": [_form(each) for each in forms]})

    @door.get(
        f"{PATH}/{{award}}/credential",
        access=Scope.CREDENTIALS_READ,
        answers=[Answer(200, "The credential, to the byte.", SECURED, PROOF_MEDIA_TYPE)],
        problems=[404],
    )
    async def credential(award: str, caller: Calling, form: Form = None) -> Response:
        """The signed credential of an award, exactly as it was handed out."""
        secured = await evidence.credential(caller.organisation, award, form)
        return Response(secured.secured, media_type=media_type_of(secured.secured), headers=_FILE)

    @door.get(
        f"{PATH}/{{award}}/receipt",
        access=Scope.CREDENTIALS_READ,
        answers=[Answer(200, "The receipt; the header Link leads to it without a key.", A_RECEIPT, RECEIPT)],
        problems=[404],
    )
    async def receipt(award: str, caller: Calling, form: Form = None) -> Response:
        """The receipt of an award's anchor, as far as that has come.

        `Link: <…>; rel="alternate"` is an address that nobody can guess, to be given to the holder.
        """
        found, link = await evidence.receipt(caller.organisation, award, form)
        return _receipt(found, f"{services.public_url}{link}")

    @door.get(
        f"{PATH}/{{award}}/capsule",
        access=Scope.CREDENTIALS_READ,
        answers=[Answer(200, "The capsule.", "a capsule in CBOR, or in JSON", CBOR_TYPE)],
        problems=[404],
    )
    async def capsule(
        award: str,
        caller: Calling,
        form: Form = None,
        json: Annotated[bool, Query(description="In the form for people and other tools.")] = False,  # noqa: FBT002
    ) -> Response:
        """The credential of an award with all that it takes to check it later, without this node.

        It has the history of the issuer's identifier, the status lists as they are now, the receipt, and proofs of what
        the chain holds of them.
        """
        made = await evidence.capsule(caller.organisation, award, form, services.now())
        media_type = JSON_TYPE if json else CBOR_TYPE
        return Response(capsule_bytes(made, as_json=json), media_type=media_type, headers=_FILE)

    @door.delete(
        f"{PATH}/{{award}}",
        access=Scope.ORGANISATION_MANAGE,
        answers=[Answer(204, "It is erased."), ASKED],
        problems=[404, 409],
    )
    async def erase(award: str, caller: Calling, granted: Granted = None) -> Response:
        """Erase a person's award, with all that was signed of it and the salt of its anchor.

        The holder's copy stays valid, and its status as it is, for good: whoever wants it withdrawn does that first.
        """
        asked = await erasing.erase(caller, award, granted)
        return Response(status_code=204) if asked is None else told(asked)

    return door


def media_type_of(secured: bytes) -> str:
    """How a signed credential is called: a document, or a token by what its header says."""
    if secured.lstrip().startswith(b"{"):
        return PROOF_MEDIA_TYPE
    kind = parse_jws(secured.decode("ascii").partition("~")[0]).header.get("typ")
    return f"application/{kind}" if f"application/{kind}" in _TOKENS else JWT_MEDIA_TYPE


def _receipt(receipt: Receipt, url: str) -> Response:
    headers = {**_FILE, "Link": f'<{url}>; rel="alternate"', "Glejt-Receipt-State": receipt.state.value}
    return Response(receipt.encode(), media_type=RECEIPT, headers=headers)


def moment_of(text: str | None, name: str) -> datetime | None:
    """A time in a question; raises ProblemError for what is none."""
    if text is None:
        return None
    try:
        return parse_timestamp(text)
    except TimestampError:
        raise ProblemError(
            400,
            "request.invalid",
            f"the parameter {name} is no time",
            "Write a date and time with its zone, as 2026-09-01T12:00:00Z.",
        ) from None


def _shown(award: Award, standing: Standing | None) -> JsonObject:
    return {
        "id": award.id,
        "name": award.name,
        "email": award.email,
        "achievement": award.achievement,
        "version": award.version,
        "profile": award.profile,
        "state": award.state.value,
        "awardedAt": format_timestamp(award.awarded_at),
        "clientKey": award.client_key,
        "replaces": award.replaces,
        "standing": standing,
        "validUntil": None if award.valid_until is None else format_timestamp(award.valid_until),
    }


def _form(secured: Secured) -> JsonObject:
    return {"form": secured.form, "id": secured.credential, "signedAt": format_timestamp(secured.signed_at)}
