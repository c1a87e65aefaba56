"""The file of an award: what people write, and what an `Award` is made of.

Members have the names of Open Badges 3.0. `learner` alone is ours: its `id` is a DID, every other member a kind of
identifier and its value. A name is written in the clear and everything else as a salted hash, unless the value is
`{"value": …, "hashed": …}` and says otherwise.
"""

from typing import Final

from node.credentials.award import Award, Learner
from node.credentials.award_rules import MAX_RESULTS, SUBJECT_MEMBERS
from node.credentials.draft import Draft, Fresh, members_of
from node.credentials.errors import AwardError, shown
from node.credentials.identity import NAME, Identity
from node.documents import JsonObject, JsonValue, pointer

MEMBERS: Final = SUBJECT_MEMBERS | {
    "awardedDate",
    "credentialStatus",
    "creditsEarned",
    "endorsement",
    "evidence",
    "id",
    "issuer",
    "learner",
    "learnerStated",
    "narrative",
    "result",
    "validFrom",
    "validUntil",
}
_HASHED: Final = frozenset({"value", "hashed"})


def read_award(document: JsonObject, fresh: Fresh) -> Award:
    """The award that a file describes; AwardError names everything in it that cannot be read.

    What only the achievement shows to be wrong is for `compose` to find. Without `id` it gets a new one, without
    `validFrom` it is in force from now on.
    """
    draft = Draft(document, "award")
    draft.only(MEMBERS)
    award = Award(
        id=draft.text("id") or fresh.new_id(),
        issuer=draft.issuer(fresh.issuer),
        learner=_learner(draft, fresh),
        valid_from=draft.moment("validFrom") or fresh.now,
        valid_until=draft.moment("validUntil"),
        awarded=draft.moment("awardedDate"),
        results=draft.objects("result", MAX_RESULTS),
        evidence=draft.objects("evidence"),
        endorsements=draft.objects("endorsement"),
        status=draft.objects("credentialStatus"),
        credits_earned=draft.number("creditsEarned"),
        narrative=draft.text("narrative"),
        learner_stated=draft.text("learnerStated"),
        subject=members_of(document, SUBJECT_MEMBERS),
    )
    if draft.problems:
        raise AwardError(draft.problems)
    return award


def _learner(draft: Draft, fresh: Fresh) -> Learner:
    stated = draft.object("learner") or {}
    own = stated.get("id")
    if own is not None and not isinstance(own, str):
        draft.refuse("learner", "/learner/id", f"{shown(own)} is no DID", "Give the learner's DID, or leave it out.")
        own = None
    found = [_identity(draft, kind, value, fresh) for kind, value in stated.items() if kind != "id"]
    return Learner(own, tuple([identity for identity in found if identity is not None]))


def _identity(draft: Draft, kind: str, value: JsonValue, fresh: Fresh) -> Identity | None:
    text, hashed = value, kind != NAME
    if isinstance(value, dict) and value.keys() <= _HASHED:
        text, chosen = value.get("value"), value.get("hashed", hashed)
        hashed = chosen is not False
        if not isinstance(chosen, bool):
            text = None
    if not isinstance(text, str):
        remedy = 'Write a text, or {"value": "…", "hashed": true}.'
        draft.refuse("identity", pointer("learner", kind), f"{shown(value)} is no identifier", remedy)
        return None
    return Identity(kind, text, fresh.new_salt() if hashed else None)
