"""What keeps a credential from being issued.

IssuanceError
├── NotIssuableError     issuance.secured, .malformed, .context, .claim, .record  the document is not ready to be signed
│                        issuance.list, .clock, .head               … or not to be followed by another version
├── ListUncheckedError   issuance.list_key                          whose a list is could not be told
├── IssuerMismatchError  issuance.issuer                            it names another issuer than the one who would sign
├── ProfileError         issuance.key_type, .controller, .key_scope the signing profile does not fit together, or not
│                                                                   with the document
├── TemplateError        issuance.template                          a batch was stopped: see below
└── AnchoringRefused     it is not anchored
    ├── NotAnchorableError  anchoring.{record, credential, unlinkable, issuer, authority, namespace, overtaken,
    │                       recovery, accreditation, receipt}, and what is wrong with a proof; of a did:ethr
    │                       anchoring.{under_way, given_up, registry, owner, no_entry, repeatable}
    └── UncheckedError   anchoring.key, and what keeps a proof from being checked

What the contexts make of the document, and the options of the proof, is refused by `node.proofs`; its errors pass on.
"""


class IssuanceError(Exception):
    """A credential was not issued; nothing was signed."""

    def __init__(self, message: str, *, code: str, remedy: str, path: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.remedy = remedy
        self.path = path


class NotIssuableError(IssuanceError):
    """The document is not a finished credential without a proof."""


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


class AnchoringRefused(IssuanceError):  # noqa: N818 -- names the outcome
    """Something was not anchored, or written to a record; nothing was sent for it."""


class NotAnchorableError(AnchoringRefused):
    """It would not count, or cannot be written as things stand."""


class UncheckedError(AnchoringRefused):
    """It could not be checked whether it would count."""
