"""Check 9: somebody the verifier relies on vouches for the issuer.

Being on a list says who the issuer is. That somebody guarantees quality needs a signed accreditation, and those are not
read yet, so the check is never passed.
"""

from node.credentials.timestamps import format_timestamp
from node.verification.case import Case
from node.verification.check import Check, CheckName, Outcome


def check_authority(case: Case) -> Check:
    """What the verifier's lists say of the issuer.

    1. A list that no longer trusts the issuer decides. Nothing anchored shows that the document is older.
    2. Lists that name the issuer are the evidence by which it is recognised.
    3. An issuer on no list is unknown, which is no fault of the document.
    """
    issuer = case.credential.issuer or ""
    named = [(listed.name, listed.issuers[issuer]) for listed in case.trust.lists if issuer in listed.issuers]
    for name, entry in named:  # 1.
        if entry.distrust_from is not None and entry.distrust_from <= case.at:
            return Check(
                CheckName.AUTHORITY,
                Outcome.FAILED,
                "authority.distrusted",
                f"The list “{name}” no longer trusts the issuer.",
                {"list": name, "date": format_timestamp(entry.distrust_from), "issuer": entry.name},
            )
    code, message = (
        ("listed", "The issuer is on a list of yours; no accreditation was checked.")  # 2.
        if named
        else ("unknown", "The issuer is on none of your lists. Ask it which list it is on, or add it to yours.")  # 3.
    )
    return Check(
        CheckName.AUTHORITY,
        Outcome.INDETERMINATE,
        f"authority.{code}",
        message,
        {
            "lists": [{"list": name, "issuer": entry.name, "domain": entry.domain} for name, entry in named],
            "known": [trusted.name for trusted in case.trust.lists],
        },
    )
