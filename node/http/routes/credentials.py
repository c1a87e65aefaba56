"""VCALM's credentials: issued by a profile, verified, derived from, and withdrawn.

Spec: https://www.w3.org/TR/vcalm/
"""

from typing import Final

import orjson
from fastapi import Request
from starlette.responses import JSONResponse, Response

from node.documents import MAX_CREDENTIAL_BYTES, JsonObject, JsonValue
from node.http.access import PUBLIC, Calling, MaybeCalling, Scope
from node.http.door import Answer, Body, Door
from node.http.examples import CREDENTIAL, ISSUED, REFUSED, REPORTED, SECURED
from node.http.granted import ASKED, Granted, told
from node.http.idempotency import idempotency_of
from node.http.messages import invalid, read
from node.http.services import Services
from node.http.submitted import MAX_SUBMITTED_BYTES, TAKEN, verified
from node.issuance.issuing import PROOF_MEDIA_TYPE, WALLET_MEDIA_TYPE, Issued, IssueOrder, Issuing, Once
from node.issuance.profile_options import pointers_of
from node.issuance.status_changes import StatusChanges, StatusOrder
from node.ports.oversight import Approval

MESSAGE_BYTES: Final = 64 * 1024
"""Of a message beside the document in it."""
ENVELOPED: Final = "EnvelopedVerifiableCredential"
CONTEXT: Final = "https://www.w3.org/ns/credentials/v2"


def routes(services: Services) -> Door:
    """The routes."""
    door = Door(services, tag="Credentials")
    _issue(door, services)
    _verify(door, services)
    _derive(door, services)
    _status(door, services)
    return door


def _issue(door: Door, services: Services) -> None:
    issuing = Issuing(
        store=services.store,
        vault=services.vault,
        judges=services.judges,
        work=services.work,
        now=services.now,
        public_url=services.public_url,
    )

    @door.post(
        "/issuers/{profile}/credentials/issue",
        access=Scope.CREDENTIALS_ISSUE,
        body=Body(
            {"credential": CREDENTIAL, "options": {"credentialId": "urn:uuid:0fc754bc-fc32-46a0-aec1-a5ef385e7ea0"}},
            max_bytes=MAX_CREDENTIAL_BYTES + MESSAGE_BYTES,
        ),
        answers=[
            Answer(201, "The signed credential. It is stored, and so are its places in status lists.", ISSUED),
            ASKED,
        ],
        problems=[404, 409, 422, 429],
        once=True,
    )
    async def issue(profile: str, request: Request, caller: Calling, granted: Granted = None) -> Response:
        """Sign a credential by a profile of the organisation, and keep it.

        `issuer` has to be the profile's DID, as a text or as the `id` of an object. Nothing of the credential is
        changed; what is added is a place in a status list for each purpose of the profile, an entry of the evidence
        where the profile anchors, and an `id` where the profile gives one to what has none. By `id`, or else by
        `credentialId`, the credential is found later on; two of one organisation never have the same. Tokens come as
        EnvelopedVerifiableCredential; an SD-JWT VC, which is no credential of the data model, comes as a text. Send an
        `Idempotency-Key`: the same request once more is answered with the same credential, also after a crash.
        """
        body = await request.body()
        message = await read(body, MAX_CREDENTIAL_BYTES + MESSAGE_BYTES)
        credential, options = message.object("credential"), message.inner("options")
        message.end()
        identifier, pointers = options.optional("credentialId"), options.list("mandatoryPointers")
        options.end()
        key = idempotency_of(request, caller, body)
        order = IssueOrder(
            profile=profile,
            credential=credential,
            credential_id=identifier,
            mandatory=pointers_of(pointers, "/options/mandatoryPointers"),
            once=None if key is None else Once(key.key, key.digest),
            granted=granted,
        )
        made = await issuing.issue(caller, order)
        if isinstance(made, Approval):
            return told(made)
        for begun in made.first_in:  # so that the first credential of a list can be verified at once
            await services.work.published(begun, services.now())
        return Response(issued(made), status_code=201, media_type="application/json")


def _verify(door: Door, services: Services) -> None:
    @door.post(
        "/credentials/verify",
        access=PUBLIC if services.verifies_for_anybody else Scope.VERIFY,
        body=Body(
            {"verifiableCredential": SECURED, "options": {"policy": "everyday", "returnCredential": False}},
            media_types=TAKEN,
            max_bytes=MAX_SUBMITTED_BYTES,
        ),
        answers=[Answer(200, "Accepted by the policy.", REPORTED), REFUSED],
    )
    async def verify(request: Request, caller: MaybeCalling) -> Response:
        """Judge a credential by a policy: 200 where it is accepted, 400 with the same members where it is not.

        `report` has every check and why it ended as it did; `errors` are those that stand in the way, `warnings` those
        that the policy does not ask for, and `problemDetails` both. All checks are always made: `checks` takes none
        away. A credential in another form than JSON is sent as it is, with its Content-Type: a token, a picture that it
        is baked into, a capsule. Its options are then parameters of the address: `policy`, `challenge`, `domain`.
        """
        return await verified(services, caller, request, ("verifiableCredential",), "returnCredential")


def _derive(door: Door, services: Services) -> None:
    @door.post(
        "/credentials/derive",
        access=Scope.CREDENTIALS_DERIVE,
        body=Body(
            {
                "verifiableCredential": SECURED,
                "options": {"selectivePointers": ["/credentialSubject/achievement/name"]},
            },
            max_bytes=MAX_CREDENTIAL_BYTES + MESSAGE_BYTES,
        ),
        answers=[Answer(201, "What its holder shows.", {"verifiableCredential": SECURED})],
    )
    async def derive(request: Request) -> Response:
        """Choose what to show of a credential whose form lets its holder choose: ecdsa-sd-2023, bbs-2023, SD-JWT.

        What its issuer keeps from being hidden, and what nobody may hide, is shown always. A token is given back
        as it is given: as EnvelopedVerifiableCredential, or as a text. Nothing is stored.
        """
        message = await read(await request.body(), MAX_CREDENTIAL_BYTES + MESSAGE_BYTES)
        given, options = message.anything("verifiableCredential"), message.inner("options")
        message.end()
        pointers = options.list("selectivePointers")
        options.end()
        document, media_type = _unwrapped(given)
        made = await services.judges.derive(document, pointers_of(pointers, "/options/selectivePointers"))
        shown = made["credential"]
        if isinstance(shown, str) and media_type:
            shown = enveloped(shown, media_type)
        return JSONResponse({"verifiableCredential": shown}, status_code=201)


def _status(door: Door, services: Services) -> None:
    changes = StatusChanges(store=services.store, work=services.work, now=services.now)
    example: JsonObject = {"changed": True, "published": True, "statusListCredential": "https://node.example/status/1"}

    @door.post(
        "/credentials/status",
        access=Scope.CREDENTIALS_STATUS,
        body=Body(
            {
                "credentialId": "urn:uuid:0fc754bc-fc32-46a0-aec1-a5ef385e7ea0",
                "credentialStatus": {"type": "BitstringStatusListEntry", "statusPurpose": "revocation"},
                "status": True,
            },
            max_bytes=MESSAGE_BYTES,
        ),
        answers=[
            Answer(200, "It is so, and the list that says so is published.", example),
            Answer(202, "It is so, and the list will be published; or a second person was asked.", ASKED.example),
        ],
        problems=[404, 409],
    )
    async def status(request: Request, caller: Calling, granted: Granted = None) -> Response:
        """Withdraw a credential for good, suspend it, or lift a suspension.

        A revocation cannot be taken back. The answer waits some seconds for the list to be published, so that whoever
        verifies afterwards sees it. `reason` is for the organisation alone, and names no person.
        """
        message = await read(await request.body(), MESSAGE_BYTES)
        entry = message.inner("credentialStatus")
        order = StatusOrder(
            credential=message.text("credentialId"),
            kind=entry.text("type"),
            purpose=entry.text("statusPurpose"),
            value=message.flag("status"),
            reason=message.optional("reason") or "",
            list_url=entry.optional("statusListCredential"),
            place=entry.optional("statusListIndex"),
            granted=granted,
        )
        entry.end(ignored=("id",))
        message.end()
        change = await changes.change(caller, order)
        if isinstance(change, Approval):
            return told(change)
        done = {"changed": change.changed, "published": change.published, "statusListCredential": change.list_url}
        return JSONResponse(done, status_code=200 if change.published else 202)


def issued(made: Issued) -> bytes:
    """The answer with a credential in it, to the byte as it was signed."""
    if made.media_type == PROOF_MEDIA_TYPE:
        return b'{"verifiableCredential":' + made.body + b"}"
    token = made.body.decode()
    if made.media_type == WALLET_MEDIA_TYPE:
        return orjson.dumps({"verifiableCredential": token})
    return orjson.dumps({"verifiableCredential": enveloped(token, made.media_type)})


def enveloped(token: str, media_type: str) -> JsonObject:
    """A token as an object.

    Spec: https://www.w3.org/TR/vc-data-model-2.0/#enveloped-verifiable-credentials
    """
    return {"@context": CONTEXT, "id": f"data:{media_type},{token}", "type": ENVELOPED}


def _unwrapped(given: JsonValue) -> tuple[bytes, str]:
    """What is derived from, and the media type of the envelope that it came in, if any."""
    if isinstance(given, dict) and given.get("type") in (ENVELOPED, [ENVELOPED]):
        kind, comma, token = str(given.get("id")).partition(",")
        if not (kind.startswith("data:") and comma):
            raise invalid("/verifiableCredential/id", "it is no data: URL with a token")
        return token.encode(), kind.removeprefix("data:")
    if isinstance(given, str):
        return given.encode(), ""
    return orjson.dumps(given), ""
