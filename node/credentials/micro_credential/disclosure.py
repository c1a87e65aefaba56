"""What must not be hidden: the part of a document that is always shown, and the issuer's word for that and for a name.

So hiding can neither revive a credential nor raise its class. What is not shown could be hidden or could never have
been there; the issuer's word is what tells the two apart.

Spec: docs/adr/0022-what-is-not-shown-may-be-hidden.md
"""

from typing import Final

from node.credentials.errors import shown
from node.credentials.findings import Finding, wrong
from node.credentials.micro_credential.elements import learner
from node.credentials.micro_credential.places import Place
from node.credentials.micro_credential.readers.dialects import read
from node.credentials.micro_credential.results import openness
from node.credentials.micro_credential.rule_set import RuleSet, rule_set
from node.credentials.structure import types_of
from node.documents import JsonObject, UnsecuredDocument, pointer

ALWAYS: Final = (
    "type",
    "issuer",
    "validFrom",
    "validUntil",
    "issuanceDate",
    "expirationDate",
    "credentialStatus",
    "learnerStated",
)
"""Members of the credential that are shown whatever the profile; data model 1.1 has other names for the dates."""
AWARDED: Final = "awardedDate"
LEARNER_STATED: Final = "learnerStated"
ALWAYS_DISCLOSED: Final = "https://w3id.org/glejt#AlwaysDisclosed"
"""The type by which an issuer says that nobody can hide what `always_disclosed` names: what is not shown is not there.

It is whole, so that documents of any vocabulary can have it, and a type, for every form always shows the types.
"""


def always_disclosed(
    document: JsonObject, rules: RuleSet | None = None, *, awarded_date: bool = True
) -> tuple[str, ...]:
    """Pointers to what the issuer's mandatory group holds, where present: for each derivation of the document.

    The achievement, every open result, and the members that say whose it is, since when, until when, and how it can be
    withdrawn. `awarded_date` keeps the date of award among them, which a profile may drop. An anchor's entry in the
    evidence is added by whoever anchors.
    """
    tables = (rules or rule_set()).tables
    place = Place(document)
    members = [*ALWAYS, AWARDED] if awarded_date else ALWAYS
    achievements = [found.path for found in place.walk("credentialSubject", "achievement")]
    left = [result.place.path for record in read(place, tables) for result in openness(record, tables).open]
    top = [pointer(name) for name in members if name in document]
    return tuple(dict.fromkeys([*top, *achievements, *left]))


def says_always_disclosed(document: JsonObject) -> bool:
    """Whether its issuer says so, if the issuer signed the type."""
    return ALWAYS_DISCLOSED in types_of(document)


def with_the_word(document: UnsecuredDocument) -> UnsecuredDocument:
    """A copy of the document that says so, for whoever signs it so that `always_disclosed` is always shown."""
    if says_always_disclosed(document):
        return document
    return UnsecuredDocument({**document, "type": [*types_of(document), ALWAYS_DISCLOSED]})


def check_learner_stated(document: JsonObject, path: str = "", rules: RuleSet | None = None) -> list[Finding]:
    """That a `learnerStated` says by what the document names its learner; empty where there is none.

    The term is read where the learner is hidden, so an issuer must not sign one that promises anything else.
    """
    if LEARNER_STATED not in document:
        return []
    tables = (rules or rule_set()).tables
    records = read(Place(document, path), tables)
    strengths = {learner(record, tables).strength for record in records}
    stated = {one.text for record in records for one in record.learner_stated}
    if len(stated) == 1 and stated == strengths:
        return []
    names = " or ".join(sorted(strength for strength in strengths if strength)) or "nobody"
    message = (
        f"it states that the learner is named by {shown(document[LEARNER_STATED])}, and names the learner by {names}"
    )
    remedy = f"State what the document bears out ({', '.join(tables.learner_strengths)}), or leave it out."
    return [wrong("credential.learner_stated", path + pointer(LEARNER_STATED), message, remedy)]
