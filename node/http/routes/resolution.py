"""Looking identifiers up over HTTP: `Accept` decides between the document and the result, newer or older.

Spec: https://www.w3.org/TR/did-resolution/#bindings-https
"""

from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote

import orjson
from fastapi import Request
from starlette.responses import Response

from did_methods.dereferencing import ADDRESSES
from did_methods.resolution import DOCUMENT_MEDIA_TYPE, Problem, Resolution
from did_methods.resolution_result import DOCUMENTS, MAX_ACCEPT_CHARS, OLDER_DOCUMENT, OLDER_RESULT, RESULT, represent
from node.documents import JsonObject, JsonValue
from node.exchange.resolving import ForeignError, Found, Resolving
from node.http.access import CHALLENGE, PUBLIC, MaybeCalling, Scope, who_makes
from node.http.door import Answer, Door
from node.http.problems import ProblemError
from node.http.services import Services
from node.ports.api_keys import Caller

PATH: Final = "/1.0/identifiers/"
DEREFERENCED: Final = "application/did-url-dereferencing"
STATUS: Final[Mapping[Problem, int]] = {
    Problem.INVALID_DID: 400,
    Problem.INVALID_DID_URL: 400,
    Problem.INVALID_OPTIONS: 400,
    Problem.NOT_FOUND: 404,
    Problem.REPRESENTATION_NOT_SUPPORTED: 406,
    Problem.METHOD_NOT_SUPPORTED: 501,
    Problem.FEATURE_NOT_SUPPORTED: 501,
    Problem.INVALID_DID_DOCUMENT: 500,
    Problem.INTERNAL_ERROR: 500,
}
"""The status that the standard has for each problem."""
OF_ANY_OTHER: Final = 500
"""… and for all that it has none for, such as a key of did:key that is none: also there the node has not failed."""
DEACTIVATED: Final = 410
_EXAMPLE: Final[JsonObject] = {
    "didDocument": {"@context": ["https://www.w3.org/ns/did/v1"], "id": "did:web:node.example:school"},
    "didResolutionMetadata": {"contentType": DOCUMENT_MEDIA_TYPE},
    "didDocumentMetadata": {},
}


_FAILED: Final[JsonObject] = {
    "didDocument": None,
    "didResolutionMetadata": {"error": {"type": "https://www.w3.org/ns/did#NOT_FOUND", "title": "Not Found"}},
    "didDocumentMetadata": {},
}
_FAILURES: Final = sorted({OF_ANY_OTHER, *STATUS.values()})
_PART: Final[JsonObject] = {
    "dereferencingMetadata": {"contentType": ADDRESSES},
    "content": "https://university.example/catalogue",
    "contentMetadata": {},
}
_NO_PART: Final[JsonObject] = {
    "dereferencingMetadata": {"error": {"type": "https://www.w3.org/ns/did#NOT_FOUND", "title": "Not Found"}},
    "content": None,
    "contentMetadata": {},
}
_OLDER: Final[JsonObject] = {
    **_EXAMPLE,
    "didResolutionMetadata": {"contentType": OLDER_DOCUMENT},
}
_ALONE: Final = _EXAMPLE["didDocument"]
_OTHER_FORMS: Final[tuple[tuple[JsonValue, str], ...]] = (
    (_OLDER, OLDER_RESULT),
    *((_ALONE, name) for name in sorted(DOCUMENTS)),
    (_PART, DEREFERENCED),
    (None, ADDRESSES),
)
_NONE: Final[tuple[tuple[JsonValue, str], ...]] = (
    (_FAILED, RESULT),
    ({**_FAILED, "didResolutionMetadata": {"error": "notFound", "message": "…"}}, OLDER_RESULT),
    (_NO_PART, DEREFERENCED),
)


def routes(services: Services) -> Door:
    """The routes."""
    door = Door(services, tag="Identifiers")
    hosting = services.hosting
    resolving = Resolving(hosting.pages.resolve, services.judges, services.now, hosting.pages.is_local)

    @door.get(
        f"{PATH}{{identifier:path}}",
        access=PUBLIC,
        answers=[
            Answer(200, "The result; the document alone, where Accept asks for that.", _EXAMPLE, RESULT),
            *(Answer(200, "", *each) for each in _OTHER_FORMS),
            Answer(410, "The result, of an identifier that was given up.", {**_EXAMPLE, "didDocument": None}, RESULT),
            *(Answer(410, "", *each) for each in _OTHER_FORMS),
            *(
                Answer(status, "The result: what kept it from being one.", *each)
                for status in _FAILURES
                for each in _NONE
            ),
        ],
        problems=[401, 403, 404, 406],
        open=True,
    )
    async def resolve(request: Request, identifier: str, caller: MaybeCalling) -> Response:
        """Look up a DID, or what a DID URL stands for.

        Identifiers that are published here are looked up for anybody; others take a key for verifying, unless the
        node's settings open that, too. `Accept`: `application/did-resolution` for the result,
        `application/ld+json;profile="https://w3id.org/did-resolution"` for its older form, `application/did` for the
        document alone; `application/did-url-dereferencing` for what a DID URL with a path, a fragment or a service
        stands for. `versionId`, `versionTime` or `versionNumber` ask for a version. Encode the DID as a part of a path.
        An address that a service gives is answered with, and not led to.
        """
        text = asked_for(request, identifier)
        try:
            found = await resolving.find(text, foreign=_may_ask(services, caller))
        except ForeignError:
            raise _refused(caller) from None
        return _rendered(found, request.headers.get("accept", RESULT))

    return door


def asked_for(request: Request, identifier: str) -> str:
    """The DID URL in the address of a request, encoded as a part of a path, or put there as it is."""
    raw = request.scope.get("raw_path")
    text = identifier
    if isinstance(raw, bytes):
        part = raw.decode("latin-1").partition("?")[0].removeprefix(PATH)
        if part.startswith("did:") and "%25" not in part:
            text = part
        else:
            text = unquote(part, errors="strict") if _is_utf8(part) else ""
    query = request.url.query
    return f"{text}{'&' if '?' in text else '?'}{query}" if query and "#" not in text else text


def _is_utf8(part: str) -> bool:
    try:
        unquote(part, errors="strict")
    except UnicodeDecodeError:
        return False
    return True


def _may_ask(services: Services, caller: Caller | None) -> bool:
    return services.verifies_for_anybody or (caller is not None and Scope.VERIFY in caller.scopes)


def _refused(caller: Caller | None) -> ProblemError:
    if caller is None:
        return ProblemError(
            401,
            "access.key",
            "identifiers of others are looked up for those who have a key",
            f"Send a key with the scope {Scope.VERIFY}; what is published here takes none.",
            headers={"WWW-Authenticate": CHALLENGE},
        )
    return ProblemError(
        403,
        "access.scope",
        f"this key is not for {Scope.VERIFY}",
        f"Use a key with the scope {Scope.VERIFY}; {who_makes(Scope.VERIFY)}.",
        headers={"WWW-Authenticate": f'{CHALLENGE}, error="insufficient_scope", scope="{Scope.VERIFY}"'},
    )


def _rendered(found: Found, accept: str) -> Response:
    if found.is_part:
        return _part(found, accept)
    answer = represent(found.resolution, accept)
    result = found.resolution
    if result.problem is None and answer.media_type in {RESULT, OLDER_RESULT} and answer.body is not None:
        metadata = answer.body["didResolutionMetadata"]
        error = metadata.get("error") if isinstance(metadata, dict) else None
        if isinstance(error, dict):  # no form that was asked for is to be had
            return _json(answer.body, answer.media_type, 406)
    return _json(answer.body, answer.media_type, _status(result))


def _part(found: Found, accept: str) -> Response:
    """What a DID URL stands for; an address is told and never redirected to: whose it is, the node does not say."""
    part, status, wanted = found.part, _status(found.resolution), media_types_in(accept)
    if part is None:
        error = found.resolution.resolution_metadata.get("error")
        body: JsonObject = {"dereferencingMetadata": {"error": error}, "content": None, "contentMetadata": {}}
        return _json(body, DEREFERENCED, status)
    if part.address is not None and ADDRESSES in wanted:
        return Response(f"{part.address}\r\n", media_type=ADDRESSES, headers={"Vary": "Accept"})
    if part.content is not None and DOCUMENT_MEDIA_TYPE in wanted:
        return _json(part.content, DOCUMENT_MEDIA_TYPE, status)
    return _json(part.to_json(), DEREFERENCED, status)


def media_types_in(accept: str) -> list[str]:
    """The names of media types in a header, as they come."""
    return [part.partition(";")[0].strip().lower() for part in accept[:MAX_ACCEPT_CHARS].split(",")]


def _status(result: Resolution) -> int:
    if result.problem is not None:
        return STATUS.get(result.problem, OF_ANY_OTHER)
    return DEACTIVATED if result.deactivated else 200


def _json(body: JsonObject | None, media_type: str, status: int) -> Response:
    data = orjson.dumps(body, option=orjson.OPT_NON_STR_KEYS)  # names of relationships are members of an enumeration
    return Response(data, status_code=status, media_type=media_type, headers={"Vary": "Accept"})
