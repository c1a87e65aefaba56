"""Problem details: one form for whatever goes wrong, with a code that stays and what to do next.

One table says which error has which status. No value that was sent is repeated: an answer lands in logs and on screens
that are not the sender's. So of errors whose text may hold one, the code, the place and the remedy are told, and a
sentence of the kind of error; of an error that nobody expected, nothing but that it happened.

Spec: https://www.rfc-editor.org/rfc/rfc9457
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

import orjson
from starlette.responses import Response

from node.documents import DocumentError
from node.exchange.errors import ExchangeError
from node.issuance.desk.errors import OrderError, TableError
from node.issuance.errors import (
    AnchoringRefused,
    ClaimError,
    HostingError,
    IssuanceError,
    IssuerMismatchError,
    LinkGoneError,
    ListUncheckedError,
    ProfileError,
    TemplateError,
    WithdrawnError,
)
from node.ports.errors import (
    AbsentError,
    CapError,
    ConflictError,
    RuleError,
    StoreBrokenError,
    StoreBusyError,
    StoreError,
    StoreFullError,
    VaultError,
)
from node.ports.judging import (
    InputRefusedError,
    JudgeFailedError,
    JudgeMemoryError,
    JudgesBusyError,
    JudgesClosedError,
    JudgesError,
    JudgeTimeoutError,
)
from node.ports.key_store import KeyNotHeldError
from node.ports.offers import OfferGoneError

PROBLEMS: Final = "https://w3id.org/glejt/problems/"
MEDIA_TYPE: Final = "application/problem+json"
RETRY_SECONDS: Final = 2
"""When to come again after something that passes."""

type Headers = Mapping[str, str]


class ProblemError(Exception):
    """An answer that is a problem. Its texts are fixed ones: nothing of the request stands in them."""

    def __init__(  # noqa: PLR0913 -- what a problem says
        self,
        status: int,
        code: str,
        detail: str,
        remedy: str,
        *,
        headers: Headers | None = None,
        errors: Sequence[Mapping[str, str]] = (),
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.remedy = remedy
        self.headers = dict(headers or {})
        self.errors = tuple(errors)


STATUS_OF: Final[Mapping[type[Exception], int]] = {
    AbsentError: 404,
    ConflictError: 409,
    CapError: 429,
    RuleError: 409,
    StoreBusyError: 503,
    StoreFullError: 507,
    StoreBrokenError: 500,
    StoreError: 500,
    VaultError: 500,
    KeyNotHeldError: 409,
    JudgesBusyError: 503,
    JudgesClosedError: 503,
    JudgeTimeoutError: 422,
    JudgeMemoryError: 422,
    JudgeFailedError: 500,
    JudgesError: 500,
    DocumentError: 400,
    InputRefusedError: 400,
    IssuerMismatchError: 400,
    HostingError: 400,
    ExchangeError: 400,
    ProfileError: 409,
    ListUncheckedError: 409,
    AnchoringRefused: 409,
    TemplateError: 500,
    WithdrawnError: 422,
    TableError: 422,
    OrderError: 422,
    LinkGoneError: 410,
    ClaimError: 409,
    IssuanceError: 400,
    OfferGoneError: 409,
}
"""The status of each error that has a code and a remedy; the nearest class counts."""
_OF_CODE: Final[Mapping[str, int]] = {
    "achievement.empty": 422,
    "claim.proof": 400,
    "api_key.label": 422,
    "api_key.lifetime": 422,
    "api_key.others": 403,
    "approval.too_large": 413,
    "document.too_large": 413,
    "issuance.private_key": 422,
    "issuance.profile_key": 422,
    "issuance.profile_name": 422,
    "issuance.profile_option": 422,
    "organisation.member": 422,
    "organisation.name": 422,
    "organisation.role": 422,
    "status.value": 422,
    "store.text": 422,
}
"""… where the code says more: a rule about what was sent, not about how things stand."""
_SAID_OF: Final[Mapping[type[Exception], str]] = {
    KeyNotHeldError: "a key of the signing profile is not held here, or signs no more",
    DocumentError: "the body is not JSON that every reader understands alike",
    InputRefusedError: "what was sent was read, and by the rules nothing is made of it",
    IssuerMismatchError: "what was sent names another issuer than the one who would sign",
    HostingError: "it cannot be published here, or not like this",
    ProfileError: "the parts of the signing profile do not belong together, or not with what was sent",
    AnchoringRefused: "it is not anchored",
    LinkGoneError: "this link leads nowhere, or not any more",
    ClaimError: "it is not claimed; the link works as before",
    WithdrawnError: "the achievement is withdrawn, and awarded no more",
    TableError: "",  # its texts say where, and nothing of what stands there
    OrderError: "what is to be awarded does not go together",
    IssuanceError: "the credential is not issued; nothing was signed",
}
"""A sentence in the place of a text that repeats what was sent."""


def as_problem(error: Exception) -> ProblemError:
    """The problem that an error is for whoever asked."""
    if isinstance(error, ProblemError):
        return error
    status, code = _nearest(STATUS_OF, error), getattr(error, "code", None)
    if status is None or not isinstance(code, str):
        return failed()
    if isinstance(error, InputRefusedError) and not error.wrong:
        status = 422
    status = _OF_CODE.get(code, status)
    headers = {"Retry-After": str(RETRY_SECONDS)} if status == HTTPStatus.SERVICE_UNAVAILABLE else {}
    if isinstance(error, CapError):
        headers = {"Retry-After": str(error.seconds)}
    said = _nearest(_SAID_OF, error)
    detail = said or str(error)
    remedy, path = str(getattr(error, "remedy", "")), getattr(error, "path", "")
    errors = [{"in": "body", "pointer": str(path), "message": detail}] if said and path else []
    return ProblemError(status, code, detail, remedy, headers=headers, errors=errors)


def _nearest[T](table: Mapping[type[Exception], T], error: Exception) -> T | None:
    return next((table[each] for each in type(error).__mro__ if each in table), None)


def failed() -> ProblemError:
    """The problem of an error that nobody expected."""
    return ProblemError(
        500, "program.failed", "the node failed", "Try again; if it goes on, tell whoever runs the node the instance."
    )


def rendered(problem: ProblemError, instance: str) -> Response:
    """The answer; `instance` is the id of the request, by which its log is found."""
    return Response(
        orjson.dumps(to_json(problem, instance)),
        status_code=problem.status,
        media_type=MEDIA_TYPE,
        headers={"Cache-Control": "no-store", **problem.headers},
    )


def to_json(problem: ProblemError, instance: str) -> dict[str, Any]:
    """The members of a problem."""
    members: dict[str, Any] = {
        "type": f"{PROBLEMS}{problem.code}",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": str(problem),
        "code": problem.code,
        "remedy": problem.remedy,
        "instance": f"urn:uuid:{instance}",
    }
    if problem.errors:
        members["errors"] = [dict(each) for each in problem.errors]
    return members
