"""What a verifier is told: VCALM's members, with the report of which they are an extract.

Spec: https://www.w3.org/TR/vcalm/#verify-credential, https://www.w3.org/TR/vc-data-model-2.0/#problem-details
"""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Final

import orjson
from starlette.responses import Response

from node.documents import JsonObject, JsonValue
from node.exchange.verifying import Answer, Remark
from node.http.problems import PROBLEMS
from node.verification.check import CheckName

_STANDARD: Final = {
    CheckName.STRUCTURE: "https://www.w3.org/TR/vc-data-model#MALFORMED_VALUE_ERROR",
    CheckName.PROOF: "https://www.w3.org/TR/vc-data-model#CRYPTOGRAPHIC_SECURITY_ERROR",
}
"""Problems that the data model has names for; of others the code is the name."""


def answered(answer: Answer, returned: JsonObject) -> Response:
    """200 where it is accepted, else 400; `returned` are members that were asked for."""
    errors, warnings = _problems(answer.errors), _problems(answer.warnings)
    body: JsonObject = {
        "verified": answer.accepted,
        "problemDetails": [*errors, *warnings],
        "errors": errors,
        "warnings": warnings,
        **({} if answer.report is None else {"report": answer.report}),
        **returned,
    }
    status = HTTPStatus.OK if answer.accepted else HTTPStatus.BAD_REQUEST
    return Response(orjson.dumps(body), status_code=status, media_type="application/json")


def _problems(remarks: Sequence[Remark]) -> list[JsonValue]:
    return [
        {
            "type": _STANDARD.get(remark.check, f"{PROBLEMS}{remark.code}") if remark.wrong else PROBLEMS + remark.code,
            "title": remark.check.value,
            "detail": remark.message,
            "code": remark.code,
        }
        for remark in remarks
    ]
