"""What keeps a credential from being issued.

IssuanceError
├── NotIssuableError     issuance.secured, .malformed, .context, .claim, .record,
│                        .record_context                            the document is not ready to be signed
│                        issuance.list, .clock, .head               … or not to be followed by another version
├── WithdrawnError       achievement.withdrawn                      what it awards is awarded no more
├── ListUncheckedError   issuance.list_key                          whose a list is could not be told
├── IssuerMismatchError  issuance.issuer                            it names another issuer than the one who would sign
├── ProfileError         issuance.key_type, .controller, .key_scope the signing profile does not fit together, or not
│                        issuance.profile_option, .profile_name,    with the document
│                        .profile_key, .private_key
├── TemplateError        issuance.template                          a batch was stopped: see below
├── NotPublishableError  achievement.unfinished                     a draft that nobody could be awarded
├── HostingError         hosting.{address, host, path, method, key, service, owner}
│                                                                   it cannot be published here, or not like this
├── LinkGoneError        link.gone                                  a private link that leads nowhere (any more)
├── ClaimError           claim.{proof, unready}                     it is not claimed, and the link works as before
├── AuditError           audit.{head, receipt, contradicted}        what is said to be the signed end of a log is none
└── AnchoringRefused     it is not anchored
    ├── NotAnchorableError  anchoring.{record, credential, unlinkable, issuer, authority, namespace, overtaken,
    │                       recovery, accreditation, receipt}, and what is wrong with a proof; of a did:ethr
    │                       anchoring.{under_way, given_up, registry, owner, no_entry, repeatable}
    └── UncheckedError   anchoring.key, and what keeps a proof from being checked

What the contexts make of the document, and the options of the proof, is refused by `node.proofs`; its errors pass on.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from node.documents import JsonObject


class IssuanceError(Exception):
    """A credential was not issued; nothing was signed."""

    def __init__(self, message: str, *, code: str, remedy: str, path: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.remedy = remedy
        self.path = path


class NotIssuableError(IssuanceError):
    """The document is not a finished credential without a proof."""


class WithdrawnError(IssuanceError):
    """What it awards is withdrawn by the organisation itself, and awarded no more."""


class NotPublishableError(IssuanceError):
    """A draft of an achievement could not be awarded as it is; `review` says why, under `problems`."""

    def __init__(self, review: "JsonObject") -> None:
        super().__init__(
            "the achievement cannot be awarded as it is",
            code="achievement.unfinished",
            remedy="Mend what is listed, save the draft, and publish that.",
        )
        self.review = review


class ListUncheckedError(IssuanceError):
    """It could not be checked whether the present version of a list is its issuer's, so no other follows it."""

    def __init__(self, message: str) -> None:
        super().__init__(
            f"whether its issuer signed the list as it stands could not be checked: {message}",
            code="issuance.list_key",
            remedy="Connect, or pin the issuer's document in the trust file that your settings name.",
        )


class IssuerMismatchError(IssuanceError):
    """The document names another issuer than the one who would sign."""


class ProfileError(IssuanceError):
    """The parts of a signing profile do not belong together."""


class TemplateError(IssuanceError):
    """What a template made does not hold, which is a fault of this program or machine, never of the document."""

    def __init__(self, message: str) -> None:
        super().__init__(
            message,
            code="issuance.template",
            remedy="Nothing of the batch was released. Report it, and issue one by one meanwhile.",
        )


class HostingError(IssuanceError):
    """What was to be published at the node's own address cannot be, or not as it was asked for."""


class AuditError(IssuanceError):
    """The end of a log of events is not signed, or not by whom it should be."""


class LinkGoneError(IssuanceError):
    """A private link leads nowhere. Whether it ever did is not told to whoever has nothing but the link."""

    def __init__(self) -> None:
        super().__init__(
            "this link leads nowhere, or not any more",
            code="link.gone",
            remedy="It works once, and for 30 days. Ask whoever sent it for a new one.",
        )


class ClaimError(IssuanceError):
    """An award is not claimed as it was asked for; nothing was used up."""


class AnchoringRefused(IssuanceError):  # noqa: N818 -- names the outcome
    """Something was not anchored, or written to a record; nothing was sent for it."""


class NotAnchorableError(AnchoringRefused):
    """It would not count, or cannot be written as things stand."""


class UncheckedError(AnchoringRefused):
    """It could not be checked whether it would count."""
