"""What is signed when it is not written by hand: an award of an achievement, or an endorsement."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from uuid import uuid4

from node.adapters.key_file import read_key_file
from node.cli.errors import CliError, describe, naming
from node.cli.inputs import read_document
from node.cli.invocation import Invocation, path_of
from node.cli.output import visible
from node.credentials.achievement import read_achievement
from node.credentials.award_file import read_award
from node.credentials.compose import compose
from node.credentials.draft import Fresh
from node.credentials.endorsement import compose_endorsement, read_endorsement
from node.credentials.errors import AchievementError, CompositionError
from node.credentials.identity import SALT_BYTES
from node.credentials.micro_credential.classification import classify
from node.credentials.record_name import RecordName, with_records
from node.documents import MAX_CREDENTIAL_BYTES, JsonObject, UnsecuredDocument, parse_object
from node.verification.phrases import phrases

MAX_TOLD = 20
"""Problems that are told at once; whoever has more mends these first."""


def new_id() -> str:
    """An identifier that nothing else has."""
    return uuid4().urn


def new_salt() -> str:
    """A salt that nothing else has."""
    return secrets.token_urlsafe(SALT_BYTES)


def fresh_for(invocation: Invocation, key: str | None, now: datetime) -> Fresh:
    """What a new credential by the owner of this key file needs; its passphrase is not asked for."""
    path = path_of(key, invocation.settings.key)
    if path is None:
        raise CliError("usage.missing", name="--key")
    return Fresh(str(read_key_file(path).verification_method.did), now, new_id, new_salt)


def composed_award(
    invocation: Invocation, achievement: str, award: str, fresh: Fresh, records: Sequence[RecordName] = ()
) -> UnsecuredDocument | None:
    """The credential of this award, or None where something that was told keeps it from being composed."""
    described, given = read_draft(invocation, achievement), with_records(read_draft(invocation, award), records)
    try:
        document = compose(read_achievement(described), read_award(given, fresh))
    except CompositionError as error:
        tell(invocation, error, achievement if isinstance(error, AchievementError) else award)
        return None
    _remark_on_class(invocation, document)
    return document


def composed_endorsement(invocation: Invocation, name: str, fresh: Fresh) -> UnsecuredDocument | None:
    """The endorsement in this file, or None where something that was told keeps it from being composed."""
    try:
        return compose_endorsement(read_endorsement(read_draft(invocation, name), fresh))
    except CompositionError as error:
        tell(invocation, error, name)
        return None


def read_draft(invocation: Invocation, name: str) -> JsonObject:
    """The JSON object in a file that says what a credential is to be composed of."""
    with naming(name):
        return parse_object(read_document(invocation, name, limit=MAX_CREDENTIAL_BYTES), max_bytes=MAX_CREDENTIAL_BYTES)


def tell(invocation: Invocation, error: CompositionError, name: str) -> None:
    """Say what keeps a credential from being composed, in the words of each problem."""
    for problem in error.problems[:MAX_TOLD]:
        invocation.out.error(describe(type(error)([problem]), invocation.words), file=name)


def _remark_on_class(invocation: Invocation, document: UnsecuredDocument) -> None:
    """Nothing has to be a micro-credential; who makes one wants to know."""
    found, spoken = classify(document), phrases(invocation.words.language)
    score = spoken("class.score", met=str(found.met), of=str(len(found.elements)))
    remark = "remark.class_whole" if found.met == len(found.elements) else "remark.class"
    invocation.out.remark(remark, named=visible(spoken(f"class.{found.credential_class}")), score=score)
