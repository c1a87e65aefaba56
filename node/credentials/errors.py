"""What can go wrong with what is claimed, and with the contexts that give it meaning.

CredentialsError
├── ContextPinError     context.pin.digest, .document, .mismatch, .conflict, .url     a pin that cannot be honoured
├── ContextBundleError  context.bundle                                                this installation is damaged
├── CompositionError                                                              nothing that could be signed
│   ├── AchievementError  achievement.*                                           not one that could be awarded
│   ├── AwardError        award.*                                                 not one that could be given
│   ├── EndorsementError  endorsement.*                                           not one that could be stated
│   └── AccreditationError  accreditation.*                                       not one that could be given
├── AccreditationFormError  accreditation.form                                      signed, and not one that is read
├── RuleSetError        rules.unknown, rules.bundle                                   no such version of the rules
├── PictureError        picture.{format, too_large, none, several, text, taken}       no picture with one badge in it
│   ├── PngError        picture.png.{cut, chunk, crc, header, image, rest, chunks, text}
│   ├── SvgError        picture.svg.{syntax, encoding, doctype, entity, root, depth, markup, badge, active, nothing}
│   ├── PdfError        picture.pdf.{form, attachment, active}
│   └── BadgeError      picture.badge.{kind, unsigned, characters}                    not to be put into a picture
├── PaperError          paper.{address, code, credential}                             nothing to be printed, or read
├── RecordNameError     record.name                                                   no record on a chain
├── ScopeError          scope                                                     nothing that could be accredited for
└── TimestampError      timestamp.format, .zone, .unsupported                         no moment that can be read

What is wrong with the structure of a document is no exception but a `Finding`: a document may have many.
"""

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from node.credentials.findings import Finding

MAX_SHOWN_CHARS = 96
"""How much of an offending value a message repeats: enough to recognise it, too little to flood a log."""


def shown(value: object, *, plainly: bool = False) -> str:
    """The value as a message may repeat it: quoted, cut, and whatever has no shape of its own escaped.

    `plainly` escapes all but ASCII, where a look-alike of a digit or hyphen is what is wrong.
    """
    text = ascii(value) if plainly else repr(value)
    return text if len(text) <= MAX_SHOWN_CHARS else f"{text[: MAX_SHOWN_CHARS - 3]}..."


class CredentialsError(Exception):
    """Everything this package raises about what it was given."""

    default_code: ClassVar[str] = "credential"
    default_remedy: ClassVar[str] = "Ask whoever made the document for a corrected one."

    def __init__(self, message: str, *, code: str = "", path: str = "", remedy: str = "") -> None:
        super().__init__(message)
        self.code = code or self.default_code
        self.path = path
        self.remedy = remedy or self.default_remedy


class ContextPinError(CredentialsError):
    """A context that was to be added does not match its pin, or the pin is not usable."""

    default_code = "context.pin"
    default_remedy = "Compare the file with the one its publisher offers, then pin the digest of its RFC 8785 form."


class ContextBundleError(CredentialsError):
    """A bundled context is missing from the installation, or is not the one that was pinned."""

    default_code = "context.bundle"
    default_remedy = "Install glejt again: a file of the installation was changed or lost."


class CompositionError(CredentialsError):
    """No credential was composed; `problems` has everything that stands in the way, the first also as the message.

    Pointers are those of the file that the kind of error names.
    """

    def __init__(self, problems: "Sequence[Finding]") -> None:
        first = problems[0]
        super().__init__(first.message, code=first.code, path=first.path, remedy=first.remedy)
        self.problems = tuple(problems)


class AchievementError(CompositionError):
    """The file does not describe an achievement that could be awarded."""

    default_code = "achievement"


class AwardError(CompositionError):
    """The file does not describe an award of this achievement."""

    default_code = "award"


class EndorsementError(CompositionError):
    """The file does not describe an endorsement."""

    default_code = "endorsement"


class AccreditationError(CompositionError):
    """The file does not describe an accreditation."""

    default_code = "accreditation"


class AccreditationFormError(CredentialsError):
    """A signed document is no accreditation, or says something that would be left unread."""

    default_code = "accreditation.form"
    default_remedy = "Ask the body for an accreditation in the form that glejt writes."


class RuleSetError(CredentialsError):
    """A version of the rules for micro-credentials is not known here, or is not the one that was pinned."""

    default_code = "rules.bundle"
    default_remedy = "Install glejt again: a file of the installation was changed or lost."


class TimestampError(CredentialsError):
    """A text is not a date and time with a zone."""

    default_code = "timestamp.format"
    default_remedy = "Write date, time and zone, as in 2026-06-12T14:03:00Z."


class PictureError(CredentialsError):
    """A picture does not carry exactly one badge, or cannot be read as a picture."""

    default_code = "picture"
    default_remedy = "Ask whoever gave you the picture for the original file: editors and messengers change pictures."


class PngError(PictureError):
    """A PNG picture is damaged, or built so that readers may disagree on it."""

    default_code = "picture.png"


class SvgError(PictureError):
    """An SVG picture is damaged, or has parts that a picture does not need."""

    default_code = "picture.svg"
    default_remedy = "Export the picture again as plain SVG in UTF-8, or use a PNG."


class PdfError(PictureError):
    """A PDF is not as it was printed, so that readers may disagree on what is attached to it."""

    default_code = "picture.pdf"
    default_remedy = "Save the file that is attached to it, with a program that shows attachments, and check that file."


class BadgeError(PictureError):
    """A document is not one that a picture may carry."""

    default_code = "picture.badge"
    default_remedy = "Give a signed Open Badge: JSON with its proof, or a compact JWS."


class PaperError(CredentialsError):
    """A page cannot be printed for this, or a code is not one of ours."""

    default_code = "paper"
    default_remedy = "Use the QR code of a page that glejt printed, or its digest."


class RecordNameError(CredentialsError):
    """A text does not name a record on a chain."""

    default_code = "record.name"
    default_remedy = "Write eip155:CHAIN:0xCONTRACT#0xNAMESPACE, with 40 and 64 digits of lower-case hexadecimal."


class ScopeError(CredentialsError):
    """A text does not say what an accreditation is for; `path` is where."""

    default_code = "scope"
    default_remedy = (
        "Name types, achievement, level (framework and code) and limitJurisdiction, each as a list, or less."
    )
