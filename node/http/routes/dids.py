"""The identifiers that the node publishes for an organisation: made, changed and given up."""

from typing import Annotated, Any, Final

from fastapi import Header
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response

from did_methods.multikey import KeyType
from node.credentials.timestamps import format_timestamp
from node.documents import JsonObject, JsonValue, parse_object
from node.http.access import Calling, Scope
from node.http.door import Answer, Body, Door
from node.http.granted import ASKED, Granted, told
from node.http.problems import ProblemError
from node.http.services import Services
from node.issuance.did_documents import is_given_up
from node.issuance.hosted_dids import NewDid, NewKey, NewService, Wish, digest_of
from node.ports.api_keys import Caller
from node.ports.organisations import HostedDid
from node.ports.oversight import Approval

PATH: Final = "/organisation/dids"
Seen = Annotated[
    str | None,
    Header(alias="If-Match", max_length=80, description="The ETag of what was seen: refused where that was changed."),
]
Name = Annotated[str, Field(max_length=1024)]
_EXAMPLE_DID: Final = "did:web:node.example:school"
_EXAMPLE_DOCUMENT: Final[JsonObject] = {
    "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"],
    "id": _EXAMPLE_DID,
}
_EXAMPLE: Final[JsonObject] = {
    "did": _EXAMPLE_DID,
    "active": True,
    "history": False,
    "createdAt": "2026-09-01T12:00:00Z",
    "changedAt": "2026-09-01T12:00:00Z",
    "document": _EXAMPLE_DOCUMENT,
}
_ANSWERS: Final = (Answer(200, "What is published now.", _EXAMPLE), ASKED)
_CHANGING: Final = (400, 404, 409)


class _Sent(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DidToMake(_Sent):
    """An identifier that is to be."""

    method: Annotated[str, Field(max_length=16, description="`webvh`, which proves its history, or `web`.")] = "webvh"
    path: Annotated[
        list[Annotated[str, Field(max_length=63)]],
        Field(max_length=4, description="Folders behind the node's host; none is the host itself."),
    ] = []
    keys: Annotated[list[KeyType], Field(min_length=1, max_length=8)] = [KeyType.ED25519]


class SigningKeyToMake(_Sent):
    """A key that is to sign."""

    type: KeyType = KeyType.ED25519
    replaces: Annotated[Name | None, Field(description="The key in whose place it signs.")] = None
    exposed: Annotated[
        bool,
        Field(description="Somebody else may have the one that is replaced: take it out, with all that it signed."),
    ] = False


class ServiceToName(_Sent):
    """A service that a document is to name."""

    type: Annotated[str, Field(max_length=64)]
    endpoints: Annotated[
        list[Annotated[str, Field(max_length=2048)]],
        Field(
            min_length=1,
            max_length=8,
            description="Addresses; of LinkedDomains origins, of TrustAnchorNamespace names of namespaces.",
        ),
    ]


def routes(services: Services) -> Door:
    """The routes."""
    door = Door(services, tag="Identifiers")
    hosting = services.hosting

    def wish(caller: Caller, granted: str | None, seen: str | None) -> Wish:
        return Wish(caller, services.now(), granted, _digest_in(seen))

    @door.get(PATH, access=Scope.ORGANISATION_READ, answers=[Answer(200, "All of them.", {"dids": [_EXAMPLE]})])
    async def listed(caller: Calling) -> Response:
        """The identifiers that are published here for the organisation.

        The did:web beside a did:webvh is a part of that one, and not listed.
        """
        dids = await hosting.dids.listed(caller.organisation)
        return JSONResponse({"dids": [_shown(did) for did in dids]})

    @door.get(f"{PATH}/{{did}}", access=Scope.ORGANISATION_READ, answers=[Answer(200, "It.", _EXAMPLE)], problems=[404])
    async def find(did: str, caller: Calling) -> Response:
        """One of them, as it is published now. Its ETag tells versions apart."""
        return _answer(await hosting.dids.find(caller.organisation, did))

    @door.post(
        PATH,
        access=Scope.ORGANISATION_MANAGE,
        answers=[Answer(201, "What is published now.", _EXAMPLE), ASKED],
        body=Body({"method": "webvh", "path": ["school"], "keys": ["Ed25519"]}),
        problems=_CHANGING,
    )
    async def create(sent: DidToMake, caller: Calling, granted: Granted = None) -> Response:
        """Make an identifier, with keys that sign, and publish it.

        A place that was given away is never given to anybody else. The host itself, without a path, is for those who
        manage the node. A did:webvh comes with the did:web of the same place, for readers that know no history.
        """
        new = NewDid(sent.method, tuple(sent.path), tuple(sent.keys))
        made = await hosting.dids.create(new, wish(caller, granted, None))
        hosting.changed()
        return _answer(made, status=201)

    @door.post(
        f"{PATH}/{{did}}/keys",
        access=Scope.ORGANISATION_MANAGE,
        answers=_ANSWERS,
        body=Body({"type": "Ed25519", "replaces": f"{_EXAMPLE_DID}#z6Mk…", "exposed": False}),
        problems=_CHANGING,
    )
    async def put_key(
        did: str, sent: SigningKeyToMake, caller: Calling, granted: Granted = None, seen: Seen = None
    ) -> Response:
        """Make a key that signs, beside those that are there or in the place of one.

        Signing profiles of a key that is replaced sign with the new one from now on. The old one stays listed, so that
        what it signed can be checked; where it was exposed it is taken out, and what it signed is in doubt.
        """
        new = NewKey(sent.type, sent.replaces, sent.exposed)
        changed = await hosting.dids.put_key(did, new, wish(caller, granted, seen))
        hosting.changed()
        return _answer(changed)

    @door.put(
        f"{PATH}/{{did}}/services/{{service}}",
        access=Scope.ORGANISATION_MANAGE,
        answers=_ANSWERS,
        body=Body({"type": "LinkedDomains", "endpoints": ["https://university.example"]}),
        problems=_CHANGING,
    )
    async def put_service(  # noqa: PLR0913, PLR0917 -- what the request says
        did: str, service: str, sent: ServiceToName, caller: Calling, granted: Granted = None, seen: Seen = None
    ) -> Response:
        """Have the document name a service, or another one under the same name.

        `LinkedDomains` with the node's own address also puts the identifier on the page on which the host names its
        identifiers; that is for those who manage the node.
        """
        new = NewService(service, sent.type, tuple(sent.endpoints))
        changed = await hosting.dids.put_service(did, new, wish(caller, granted, seen))
        hosting.changed()
        return _answer(changed)

    @door.delete(
        f"{PATH}/{{did}}/services/{{service}}",
        access=Scope.ORGANISATION_MANAGE,
        answers=_ANSWERS,
        problems=_CHANGING,
    )
    async def remove_service(
        did: str, service: str, caller: Calling, granted: Granted = None, seen: Seen = None
    ) -> Response:
        """Have the document name a service no more."""
        changed = await hosting.dids.remove_service(did, service, wish(caller, granted, seen))
        hosting.changed()
        return _answer(changed)

    @door.delete(f"{PATH}/{{did}}", access=Scope.ORGANISATION_MANAGE, answers=_ANSWERS, problems=_CHANGING)
    async def give_up(did: str, caller: Calling, granted: Granted = None, seen: Seen = None) -> Response:
        """Give an identifier up for good: nobody signs as it any more, and nobody else ever gets it.

        What it signed before can be checked as of then only where that was anchored in time.
        """
        ended = await hosting.dids.give_up(did, wish(caller, granted, seen))
        hosting.changed()
        return _answer(ended)

    return door


def _answer(found: HostedDid | Approval, *, status: int = 200) -> Response:
    if isinstance(found, Approval):
        return told(found)
    return JSONResponse(_shown(found), status_code=status, headers={"ETag": f'"{digest_of(found.document or b"")}"'})


def _shown(did: HostedDid) -> dict[str, Any]:
    document: JsonValue = None if did.document is None else parse_object(did.document)
    return {
        "did": did.did,
        "active": isinstance(document, dict) and not is_given_up(document),
        "history": did.log is not None,
        "createdAt": format_timestamp(did.created_at),
        "changedAt": format_timestamp(did.changed_at),
        "document": document,
    }


def _digest_in(seen: str | None) -> str | None:
    if seen is None or seen == "*":
        return None
    digest = seen.removeprefix("W/").strip('"')
    if len(digest) != 64 or not set(digest) <= set("0123456789abcdef"):  # noqa: PLR2004 -- SHA-256 in hexadecimal
        raise ProblemError(400, "request.if_match", "If-Match is no ETag of an identifier", "Send the ETag as it came.")
    return digest
