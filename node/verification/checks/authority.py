"""Check 9: somebody the verifier relies on vouches for the issuer.

Being on a list says who the issuer is. That somebody guarantees quality needs a signed accreditation by a body that the
verifier believes, which was in force when the document was issued.
"""

from dataclasses import replace
from typing import TYPE_CHECKING, Final, Protocol

from node.credentials.timestamps import format_timestamp
from node.documents import JsonObject, JsonValue
from node.verification.case import Case
from node.verification.check import Check, CheckName, Outcome
from node.verification.domain_linkage import DomainLinkage
from node.verification.trust import ListedIssuer, TrustList

if TYPE_CHECKING:
    from node.verification.accreditations import Accreditations

NO_BODY: Final = "authority.no_body"
"""The code where no accreditation at hand leads to a body that is believed: as if there were none."""


class Linkages(Protocol):
    """What is known of domains and the identifiers that they are said to belong to."""

    def of(self, did: str, domain: str) -> DomainLinkage:
        """Whether this identifier and this domain point to each other."""


def check_authority(case: Case, linkages: Linkages, accredited: "Accreditations | None" = None) -> Check:
    """Who vouches for the issuer of a credential; `judge_authority` is the procedure."""
    return judge_authority(case.credential.issuer or "", case, linkages, accredited)


def judge_authority(issuer: str, case: Case, linkages: Linkages, accredited: "Accreditations | None" = None) -> Check:
    """Who vouches for an issuer: the verifier's lists, and bodies that accredited it.

    `accredited` is what is at hand of accreditations, for a document that is known to be its issuer's.

    1. A list that no longer trusts the issuer decides, unless an anchor shows that the document is older than that.
    2. Where a list asks for it, the domain that it gives the issuer is asked too. A domain that does not confirm the
       issuer speaks against the list, and the list is then no evidence.
    3. The other lists that name the issuer are the evidence by which it is recognised.
    4. An issuer on no list is unknown, which is no fault of the document.
    5. An accreditation by a body that the verifier believes says more, and decides.
    """
    named = [(listed, listed.issuers[issuer]) for listed in case.trust.lists if issuer in listed.issuers]
    for listed, entry in named:  # 1.
        if entry.distrust_from is not None and entry.distrust_from <= (case.anchored or case.at):
            return Check(
                CheckName.AUTHORITY,
                Outcome.FAILED,
                "authority.distrusted",
                f"The list “{listed.name}” no longer trusts the issuer.",
                {"list": listed.name, "date": format_timestamp(entry.distrust_from), "issuer": entry.name},
            )
    told = [_told(listed, entry, linkages) for listed, entry in named]  # 2.
    denied = [item for item, outcome in told if outcome is Outcome.FAILED]
    counting = [item for item, outcome in told if outcome in {None, Outcome.PASSED}]
    counting += [item for item, outcome in told if outcome is Outcome.INDETERMINATE]
    if counting:  # 3.
        code, message = "listed", "The issuer is on a list of yours; no accreditation was checked."
    elif denied:
        code = "domain"
        message = "A list of yours names a domain for the issuer, which the domain does not confirm. Ask its keeper."
    else:  # 4.
        code = "unknown"
        message = "The issuer is on none of your lists. Ask it which list it is on, or add it to yours."
    evidence: JsonObject = {"lists": counting, "known": [trusted.name for trusted in case.trust.lists]}
    if denied:
        evidence["denied"] = denied
    by_lists = Check(CheckName.AUTHORITY, Outcome.INDETERMINATE, f"authority.{code}", message, evidence)
    found = None if accredited is None else accredited.judge(issuer, case)  # 5.
    if found is None:
        return by_lists
    deciding = by_lists if found.code == NO_BODY else found
    return replace(deciding, evidence={**evidence, **found.evidence})


def _told(listed: TrustList, entry: ListedIssuer, linkages: Linkages) -> tuple[JsonValue, Outcome | None]:
    """What a list says of the issuer, and how the domain answers, where the list wants it to be asked."""
    item: JsonObject = {"list": listed.name, "issuer": entry.name, "domain": entry.domain}
    if not listed.check_domains:
        return item, None
    linkage = linkages.of(entry.did, entry.domain)
    return item | {"linkage": linkage.to_json()}, linkage.outcome
