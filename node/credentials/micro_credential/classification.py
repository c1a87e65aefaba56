"""The class of a document: the procedure of the rules, and its result.

The class is a result, never a claim: anybody computes the same from the document.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Self

from node.credentials.micro_credential import elements, options, results
from node.credentials.micro_credential.elements import is_text, states_none
from node.credentials.micro_credential.findings import (
    SATISFIED,
    CredentialClass,
    Judgement,
    Note,
    RuleFinding,
    Severity,
    State,
)
from node.credentials.micro_credential.places import Place
from node.credentials.micro_credential.readers.dialects import read
from node.credentials.micro_credential.record import Record
from node.credentials.micro_credential.rule_set import RuleSet, rule_set
from node.credentials.micro_credential.tables import Tables
from node.credentials.objects import Objects
from node.documents import JsonObject

MAX_OPEN_FINDINGS: Final = 20
"""Open results that are named: a hostile document could have thousands, and the first decides."""
DRAFT_PATH: Final = "/credentialSubject/achievement"
UNSUPPORTED_CLAIM: Final = "mc.claim.unsupported"


@dataclass(frozen=True, slots=True)
class Classification:
    """What the rules make of a document."""

    rules: RuleSet
    credential_class: CredentialClass
    learner: str | None
    """By what the learner is named: name, identifier or key; None where nothing of it is shown."""
    elements: Mapping[str, State]
    options: Mapping[str, State]
    findings: tuple[RuleFinding, ...]

    @property
    def met(self) -> int:
        """How many elements are stated, or declared not to apply."""
        return sum([state in SATISFIED for state in self.elements.values()])

    def finding(self, code: str, path: str) -> Self:
        """The same with one finding more, which compares the class with something outside the document."""
        severity = self.rules.tables.severities[code]
        return replace(self, findings=(*self.findings, RuleFinding(code, severity, path)))

    def unclassified(self, code: str, path: str) -> Self:
        """The same without a class, for a reason that lies outside the rules."""
        finding = RuleFinding(code, Severity.ERROR, path)
        return replace(self, credential_class=CredentialClass.UNCLASSIFIED, findings=(*self.findings, finding))

    def found(self, code: str) -> bool:
        """Whether there is a finding with this code."""
        return any(finding.code == code for finding in self.findings)

    def to_json(self) -> JsonObject:
        """The result in the form that reports and labels carry."""
        return {
            "rules": self.rules.name,
            "digest": self.rules.digest,
            "class": self.credential_class.value,
            "score": {"met": self.met, "of": len(self.elements)},
            "learner": self.learner,
            "elements": {name: state.value for name, state in self.elements.items()},
            "optional": [name for name, state in self.options.items() if state is State.MET],
            "findings": [finding.to_json() for finding in self.findings],
        }


def classify(
    document: JsonObject,
    rules: RuleSet | None = None,
    *,
    derived: bool = False,
    path: str = "",
    objects: Objects | None = None,
) -> Classification:
    """The class of a credential, a European Digital Credential, an assertion, or the claims of an SD-JWT.

    `derived` says that the holder chose what to show of a signed document; `path` is where the document stands in what
    was handed over, `objects` are those of the document, where they are at hand. Where it speaks of several
    achievements, it is as good as the worst of them.
    """
    chosen = rules or rule_set()
    records = read(Place(document, path), chosen.tables, objects)
    classified = [_classify(replace(record, derived=True) if derived else record, chosen) for record in records]
    return min(classified, key=_order)


def classify_achievement(achievement: JsonObject, rules: RuleSet | None = None) -> Classification:
    """The class that awards of an achievement can have, by the elements that the achievement itself states.

    Whose, from where, by whom and when comes with each award. Paths of findings start at the achievement.
    """
    chosen = rules or rule_set()
    records = read(Place({"credentialSubject": {"achievement": achievement}}), chosen.tables)
    classified = min([_classify(record, chosen, award=False) for record in records], key=_order)
    findings = [one._replace(path=one.path.removeprefix(DRAFT_PATH)) for one in classified.findings]
    return replace(classified, findings=tuple(findings))


def _order(classified: Classification) -> tuple[int, int]:
    return classified.credential_class.rank, classified.met


def _classify(record: Record, rules: RuleSet, *, award: bool = True) -> Classification:
    """The procedure; the first match gives the class.

    1. It is about several persons: unclassified.
    2. It declares that nothing was assessed: participation. A declaration may lower the class, never raise it.
    3. It does not say that learning was assessed, and by what criteria: unclassified.
    4. No outcome is reached: participation. Some are not: achievement.
    5. Each element is met, does not apply or is withheld: micro-credential; else achievement.
    """
    tables = rules.tables
    names = tables.elements if award else [name for name in tables.elements if name not in tables.award_elements]
    known = record.judged.get
    judged = {name: known(name) or _judged(name, record, tables) for name in names}
    optional = {name: known(name) or _judged(name, record, tables) for name in tables.options}
    credential_class, notes = _class(record, rules, judged)
    notes += [note for judgement in (*judged.values(), *optional.values()) for note in judgement.notes]
    claims = [stated for stated in record.types if stated.text in tables.claiming_types]
    if claims and credential_class is not CredentialClass.MICRO_CREDENTIAL:
        notes.append(Note(UNSUPPORTED_CLAIM, claims[0].place.path))
    return Classification(
        rules=rules,
        credential_class=credential_class,
        learner=judged["E1"].strength if award else None,
        elements={name: judgement.state for name, judgement in judged.items()},
        options={name: judgement.state for name, judgement in optional.items()},
        findings=tuple([RuleFinding(code, tables.severities[code], path) for code, path in notes]),
    )


def _judged(name: str, record: Record, tables: Tables) -> Judgement:
    """How an element or option stands; one that the achievement states is judged once for all its awards."""
    judge = elements.ELEMENTS.get(name) or options.OPTIONS[name]
    judgement = judge(record, tables)
    if name not in tables.award_elements and name not in options.OF_AWARDS:
        record.judged[name] = judgement
    return judgement


def _class(record: Record, rules: RuleSet, judged: Mapping[str, Judgement]) -> tuple[CredentialClass, list[Note]]:
    tables, home = rules.tables, record.home
    if record.subjects > 1:  # 1
        return CredentialClass.UNCLASSIFIED, [Note("mc.subject.many", home("subject"))]
    graded = results.graded(record, tables)
    lowering = any(stated.text in tables.participation_types for stated in record.types)
    if lowering or record.activity_only or states_none(record, tables):  # 2
        return CredentialClass.PARTICIPATION, [Note("mc.contradiction", result.place.path) for result in graded[:1]]
    assessed = record.assessed or judged["E9"].state is State.MET or bool(graded)  # 3
    criteria = record.assessment_specified or any(is_text(one.text, tables) for one in record.criteria)
    if not (assessed and criteria):
        lacking = [] if assessed else [Note("mc.assessment.not_stated", home("E9"))]
        lacking += [] if criteria else [Note("mc.criteria.missing", home("criteria"))]
        return CredentialClass.UNCLASSIFIED, lacking
    openness = results.openness(record, tables)  # 4
    if openness.open:
        open_notes = [Note("mc.outcome.open", result.place.path) for result in openness.open[:MAX_OPEN_FINDINGS]]
        reached = CredentialClass.PARTICIPATION if openness.all_open else CredentialClass.ACHIEVEMENT
        return reached, open_notes
    satisfied = all(one.state in SATISFIED or one.state is State.WITHHELD for one in judged.values())  # 5
    return (CredentialClass.MICRO_CREDENTIAL if satisfied else CredentialClass.ACHIEVEMENT), []
