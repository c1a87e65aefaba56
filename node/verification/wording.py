"""A report in words: the sentence, class and person, the seven rows, what to do next.

The words are those of the catalogue; every received value among them has been made fit to be shown.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from node.credentials.micro_credential.help import help_texts
from node.verification.check import Check, CheckName
from node.verification.gaps import gap_of
from node.verification.phrases import Language, Phrases, phrases, shown
from node.verification.policy import INDISPENSABLE
from node.verification.report import CredentialReport, Report, Sentence
from node.verification.row_texts import is_hosted, reason, row_text, withdrawal_date
from node.verification.rows import ISSUER_ROW, Row, RowState, rows_of

type Colour = Literal["green", "amber", "red", "grey"]
type Sign = Literal["tick", "warning", "question", "cross", "barred", "pause", "clock", "dash"]


@dataclass(frozen=True, slots=True)
class Look:
    """How a sentence or a row is marked, never by colour alone."""

    colour: Colour
    sign: Sign


_RED: Final = Look("red", "cross")

SENTENCE_LOOKS: Final[Mapping[Sentence, Look]] = MappingProxyType(
    {
        Sentence.GENUINE: Look("green", "tick"),
        Sentence.GENUINE_BUT: Look("amber", "warning"),
        Sentence.CANNOT_TELL: Look("grey", "question"),
        Sentence.MALFORMED: _RED,
        Sentence.AMBIGUOUS: _RED,
        Sentence.ALTERED: _RED,
        Sentence.REVOKED_KEY: _RED,
        Sentence.WRONG_KEY: _RED,
        Sentence.WITHDRAWN: Look("red", "barred"),
        Sentence.SUSPENDED: Look("amber", "pause"),
        Sentence.ENDED: Look("amber", "clock"),
        Sentence.NOT_YET: Look("amber", "clock"),
        Sentence.REFUSED: Look("amber", "warning"),
    }
)

ROW_LOOKS: Final[Mapping[RowState, Look]] = MappingProxyType(
    {
        RowState.PASS: Look("green", "tick"),
        RowState.UNKNOWN: Look("grey", "question"),
        RowState.FAIL: _RED,
        RowState.DOES_NOT_APPLY: Look("grey", "dash"),
    }
)

VALIDITY_ROW: Final = 4
UNDISCLOSED: Final = ".undisclosed"
"""How the codes of checks end that something may have been hidden from."""
BASE_PROOF: Final = "proof.malformed.base_proof"
IDENTITY: Final[Mapping[str, str]] = MappingProxyType(
    {
        "supervised-onsite-identified": "in_person",
        "supervised-online-identified": "online",
        "supervised": "unchecked",
        "unsupervised": "unchecked",
    }
)
"""What the listed kinds of supervision say about the learner's identity at the assessment."""


@dataclass(frozen=True, slots=True)
class RowWording:
    """One row: `spoken` is its state in a word, read aloud before the text."""

    number: int
    label: str
    state: RowState
    spoken: str
    look: Look
    text: str


@dataclass(frozen=True, slots=True)
class FindingWording:
    """One finding of the rules for micro-credentials: what to do, and where in the document."""

    severity: str
    text: str
    path: str


@dataclass(frozen=True, slots=True)
class CredentialWording:
    """One credential in words. Class, findings and person are said only where the issuer is known to have signed."""

    sentence: str
    look: Look
    class_name: str | None
    score: str | None
    findings: tuple[FindingWording, ...]
    name: str | None
    person: str | None
    rows: tuple[RowWording, ...]
    next_steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wording:
    """A whole report in words: its sentence is that of the worst credential."""

    sentence: str
    look: Look
    credentials: tuple[CredentialWording, ...]


def wording(report: Report, language: Language) -> Wording:
    """The report in words of this language."""
    spoken = phrases(language)
    credentials = tuple(_credential(entry, report, spoken) for entry in report.credentials)
    worst = next(
        words for words, entry in zip(credentials, report.credentials, strict=True) if entry.sentence is report.sentence
    )
    return Wording(worst.sentence, worst.look, credentials)


def _credential(entry: CredentialReport, report: Report, spoken: Phrases) -> CredentialWording:
    rows = rows_of({check.name: check for check in entry.checks})
    signed = all(entry.check(name).passed for name in INDISPENSABLE)
    class_name, score = _class(entry.check(CheckName.CLASS), spoken) if signed else (None, None)
    findings = _findings(entry.check(CheckName.CLASS), spoken.language) if signed else ()
    name, person = _person(entry, spoken) if signed else (None, None)
    return CredentialWording(
        sentence=_sentence(entry, report, spoken),
        look=SENTENCE_LOOKS[entry.sentence],
        class_name=class_name,
        score=score,
        findings=findings,
        name=name,
        person=person,
        rows=tuple(
            RowWording(
                row.number,
                spoken(f"label.{row.number}"),
                row.state,
                spoken(f"state.{row.state}"),
                _row_look(row),
                row_text(row, entry, spoken),
            )
            for row in rows
        ),
        next_steps=tuple(spoken(f"next.{key}") for key in _next_steps(rows)),
    )


def _sentence(entry: CredentialReport, report: Report, spoken: Phrases) -> str:
    values: dict[str, str] = {}
    match entry.sentence:
        case Sentence.GENUINE_BUT | Sentence.CANNOT_TELL | Sentence.REFUSED:
            values["gap"] = spoken(f"gap.{gap_of(entry, report.policy)}")
        case Sentence.MALFORMED:
            values["reason"] = reason(entry.check(CheckName.STRUCTURE), spoken)
        case Sentence.REVOKED_KEY:
            values["date"] = spoken.date(entry.check(CheckName.ISSUER_KEY).evidence.get("revoked"))
        case Sentence.WITHDRAWN | Sentence.SUSPENDED:
            values["date"] = withdrawal_date(entry.check(CheckName.STATUS), spoken)
        case Sentence.ENDED:
            values["date"] = spoken.date(entry.check(CheckName.VALIDITY).evidence.get("until"))
        case Sentence.NOT_YET:
            values["date"] = spoken.date(entry.check(CheckName.VALIDITY).evidence.get("from"))
        case _:
            pass
    return spoken(f"sentence.{_sentence_key(entry)}", **values)


def _sentence_key(entry: CredentialReport) -> str:
    """The sentence; of a badge that has no signature, it speaks of none."""
    if entry.check(CheckName.ISSUER_KEY).code == "issuer_key.badge_class" and entry.sentence is Sentence.WRONG_KEY:
        return "wrong_badge"
    if entry.sentence in {Sentence.ALTERED, Sentence.WRONG_KEY} and is_hosted(entry):
        return f"{entry.sentence}_hosted"
    return entry.sentence


def _row_look(row: Row) -> Look:
    if row.number == VALIDITY_ROW and row.state is RowState.FAIL:
        return Look("amber", "clock")
    return ROW_LOOKS[row.state]


def _class(check: Check, spoken: Phrases) -> tuple[str | None, str | None]:
    """Class and score, where the check computed them; a class that was not computed is not called “not stated”."""
    if check.code == f"{CheckName.CLASS}{UNDISCLOSED}":
        return spoken("class.undisclosed"), None
    value, score = check.evidence.get("class"), check.evidence.get("score")
    if not isinstance(value, str) or f"class.{value}" not in spoken:
        return None, None
    if not isinstance(score, dict):
        return spoken(f"class.{value}"), None
    counted = spoken("class.score", met=spoken.given(score.get("met")), of=spoken.given(score.get("of")))
    return spoken(f"class.{value}"), counted


def _findings(check: Check, language: Language) -> tuple[FindingWording, ...]:
    """What the rules found, in words; a code that this version has no words for is left to the evidence."""
    found, texts = check.evidence.get("findings"), help_texts(language)
    return tuple(
        [
            FindingWording(str(one.get("severity")), texts[code], shown(one.get("path")))
            for one in (found if isinstance(found, list) else [])
            if isinstance(one, dict) and isinstance(code := one.get("code"), str) and code in texts
        ]
    )


def _person(entry: CredentialReport, spoken: Phrases) -> tuple[str | None, str]:
    """The name and what is known of the identity behind it."""
    subject = entry.summary.get("subject")
    name = subject.get("name") if isinstance(subject, dict) else None
    if not name:
        return None, spoken("person.withheld")
    supervision = entry.summary.get("supervision")
    identity = IDENTITY.get(supervision, "not_stated") if isinstance(supervision, str) else "not_stated"
    return spoken.given(name), spoken("person.stated", identity=spoken(f"identity.{identity}"))


def _next_steps(rows: tuple[Row, ...]) -> list[str]:
    """What to do next, in the order of the rows.

    Where the document itself is not right, only to get the original; where it is not the issuer's, nothing: whatever
    else were mended, it would not become the issuer's.
    """
    states = {row.number: row.state for row in rows}
    if states[1] is RowState.FAIL:
        return ["1_base" if any(check.code == BASE_PROOF for check in rows[0].checks) else "1_fail"]
    issuer_key = rows[ISSUER_ROW - 1].checks[0]
    if issuer_key.failed:
        return []
    hidden = [row.number for row in rows[2:VALIDITY_ROW] if row.checks[0].code.endswith(UNDISCLOSED)]
    steps = [f"{number}_unknown" for number in (2, 3) if states[number] is RowState.UNKNOWN and number not in hidden]
    steps += ["4_undisclosed"] if hidden else []
    steps += [f"{number}_unknown" for number in (6, 7) if states[number] is RowState.UNKNOWN]
    (anchor,) = rows[4].checks
    if anchor.unknown and anchor.code == "anchor.waiting":
        steps.insert(sum(step < "5" for step in steps), "5_waiting")
    return steps
