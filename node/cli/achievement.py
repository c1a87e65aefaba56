"""`glejt achievement`: what a credential, or a draft of an achievement, is by the rules for micro-credentials."""

from typing import Final

from node.cli.errors import CliError, Unknowable
from node.cli.inputs import read_credential
from node.cli.invocation import Invocation
from node.cli.output import Colour, visible
from node.credentials.micro_credential.classification import Classification, classify, classify_achievement
from node.credentials.micro_credential.findings import CredentialClass, Severity
from node.credentials.micro_credential.help import help_texts
from node.credentials.micro_credential.readers.envelope import open_envelope
from node.credentials.structure import types_of
from node.documents import MAX_PRESENTATION_BYTES, JsonObject, parse_object
from node.verification.phrases import phrases
from node.verification.received import receive, subject_of

UNCLASSIFIED: Final = 20
"""The document does not say: the status of an answer that cannot be given."""
COLOURS: Final[dict[Severity, Colour]] = {Severity.ERROR: "amber", Severity.WARNING: "amber", Severity.INFO: "grey"}


def check(invocation: Invocation, name: str, *, as_json: bool) -> int:
    """Say the class and the score, and what to do about each finding.

    1. A document is taken out of the picture or the token that it came in. One that lies elsewhere is not fetched.
    2. A European Digital Credential is taken out of its envelope.
    3. An achievement without an award is judged by what it states itself.
    """
    document = _document(invocation, name)  # 1
    place = open_envelope(document)  # 2
    draft = is_draft(place.object)  # 3
    found = classify_achievement(place.object) if draft else classify(place.object, path=place.path)
    if as_json:
        invocation.out.answer_json({"kind": "achievement" if draft else "credential", **_with_help(found, invocation)})
    else:
        _show(found, invocation, draft=draft)
    invocation.out.remark("remark.class_unchecked")
    return UNCLASSIFIED if found.credential_class is CredentialClass.UNCLASSIFIED else 0


def _document(invocation: Invocation, name: str) -> JsonObject:
    """The document in a file, as it stands; raises DocumentError for another JSON value."""
    data = read_credential(invocation, name, limit=MAX_PRESENTATION_BYTES)
    subject = subject_of(data)
    if not isinstance(subject, str):
        return parse_object(data, max_bytes=MAX_PRESENTATION_BYTES)
    received = receive(subject)
    if received.badge is not None and not received.badge.address_only:
        return received.badge.document
    if isinstance(received.value, dict):
        return received.value
    if received.badge is not None:
        raise Unknowable("input.badge", kind=invocation.words("kind.badge_address"), name=name)
    (problem, *_) = received.problems
    raise CliError("input.token", details=f"{problem.message} ({problem.code})")


def is_draft(document: JsonObject) -> bool:
    """Whether it is an achievement that nobody has been awarded."""
    return "credentialSubject" not in document and "Achievement" in types_of(document)


def _with_help(found: Classification, invocation: Invocation) -> JsonObject:
    texts = help_texts(invocation.words.language)
    return {
        **found.to_json(),
        "findings": [{**finding.to_json(), "help": texts[finding.code]} for finding in found.findings],
    }


def _show(found: Classification, invocation: Invocation, *, draft: bool) -> None:
    out, words, spoken = invocation.out, invocation.words, phrases(invocation.words.language)
    score = spoken("class.score", met=str(found.met), of=str(len(found.elements)))
    out.answer(f"{spoken(f'class.{found.credential_class}')}, {score}", "bold")
    if draft:
        out.answer(f"  {words('achievement.draft')}")
    texts = help_texts(words.language)
    width = max(len(words(f"achievement.severity.{severity}")) for severity in Severity) + 2
    for severity in Severity:
        for finding in found.findings:
            if finding.severity is severity:
                label, where = words(f"achievement.severity.{severity}"), f"  {visible(finding.path)}".rstrip()
                out.answer(f"  {label:{width}}{texts[finding.code]}{where}", COLOURS[severity])
    out.answer(f"  {words('achievement.rules', name=found.rules.name, digest=found.rules.digest)}", "grey")
