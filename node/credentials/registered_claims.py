"""The claims of a JSON Web Token beside the members of the credential that is its payload.

Some of them say again what the credential says. Readers differ in which they believe, so they have to agree. Two dates
mean different things: to VC-JOSE `exp` is the end of the signature, to Open Badges 3.0 it is `validUntil` again, and
`nbf` is `validFrom`. A token of the type of Open Badges is held to that.

Spec: https://www.w3.org/TR/vc-jose-cose/#jose-header-parameters-jwt-claims,
https://www.imsglobal.org/spec/ob/v3p0#create-the-jwt-payload
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final

from node.credentials.credential import Credential
from node.credentials.errors import TimestampError, shown
from node.credentials.findings import Finding, wrong
from node.credentials.presentation import Presentation
from node.documents import JsonObject, JsonValue, pointer

WRAPPERS: Final = ("vc", "vp")
"""Claims in which tokens of the data model 1.1 carry their document; VC-JOSE forbids both."""
_SECOND: Final = timedelta(seconds=1)
"""A NumericDate is often cut to the second, a date of the credential is not."""
_REMEDY: Final = "Do not rely on either: ask the issuer for a token whose claims agree with its credential."


def check_credential_claims(
    document: JsonObject, path: str, dates: tuple[datetime | None, datetime | None]
) -> list[Finding]:
    """Which claims contradict the credential that they stand in.

    `dates` are the moments of `nbf` and `exp` where they mean those of the credential, else None: what is not stated
    contradicts nothing.
    """
    credential = Credential(document, path)
    subjects = credential.subject_ids
    said = {
        "iss": credential.issuer,
        "jti": document.get("id"),
        "sub": subjects[0] if len(subjects) == 1 else None,
    }
    return [*_differing(document, said, path), *_dates(credential, dates, path)]


def check_presentation_claims(document: JsonObject, path: str) -> list[Finding]:
    """Which claims contradict the presentation that they stand in; `iss` is its holder."""
    presentation = Presentation(document)
    said = {"iss": presentation.holder, "jti": presentation.id}
    return list(_differing(document, {name: value for name, value in said.items() if value is not None}, path))


def registered_claims(document: JsonObject) -> JsonObject:
    """What Open Badges 3.0 wants a token to say again: `iss`, `jti` and `sub`, where the credential has them."""
    credential = Credential(document)
    subjects = credential.subject_ids
    said: JsonObject = {
        "iss": credential.issuer,
        "jti": credential.id,
        "sub": subjects[0] if len(subjects) == 1 else None,
    }
    return {name: value for name, value in said.items() if value is not None}


def _differing(document: JsonObject, said: Mapping[str, JsonValue], path: str) -> Iterator[Finding]:
    for name, value in said.items():
        if name in document and document[name] != value:
            message = f"the claim {name} is {shown(document[name])}, and the document says {shown(value)}"
            yield wrong(f"jwt.{name}", path + pointer(name), message, _REMEDY)


def _dates(credential: Credential, dates: tuple[datetime | None, datetime | None], path: str) -> Iterator[Finding]:
    try:
        validity = credential.validity
    except TimestampError:
        return  # the check `validity` says that it cannot be read
    for name, claimed, stated in (("nbf", dates[0], validity.start), ("exp", dates[1], validity.end)):
        if claimed is not None and (stated is None or abs(stated - claimed) >= _SECOND):
            message = f"the claim {name} is {claimed.isoformat()}, and the credential says {shown(str(stated))}"
            yield wrong(f"jwt.{name}", path + pointer(name), message, _REMEDY)
