"""`glejt print`, and what `glejt inspect` says of printed pages and of their codes."""

from pathlib import Path
from typing import Final, Literal

from node.adapters.errors import ExtraAbsentError, PrinterError
from node.cli.errors import CliError, Refused, describe
from node.cli.files import write_whole
from node.cli.inputs import carried_by, read_file
from node.cli.invocation import Invocation
from node.credentials.errors import CredentialsError, PaperError, PictureError
from node.credentials.paper_code import PaperCode, read_code
from node.credentials.pictures import pdf
from node.credentials.pictures.limits import MAX_BADGE_BYTES
from node.documents import DocumentError, JsonObject
from node.issuance.printed_page import page_of
from node.verification.phrases import LANGUAGES

type PageState = Literal["as_printed", "other", "unknown"]
"""Whether a page shows what its attachment says; `unknown` where that could not be found out."""
NOT_TO_BE_PRINTED: Final = "paper.credential"


def print_file(invocation: Invocation, credential: str, *, out: str, url: str | None, force: bool) -> int:
    """Write the page for a credential, whole or not at all, in the language of the run."""
    from node.adapters.printer import print_page  # noqa: PLC0415 -- needs more than the base install

    file = read_file(invocation, credential)
    carried = carried_by(invocation, file, limit=MAX_BADGE_BYTES, tokens=True)
    try:
        page = page_of(carried.text, invocation.words.language, address=url)
    except PaperError as error:
        invocation.out.error(describe(error, invocation.words))
        return Refused.status if error.code == NOT_TO_BE_PRINTED else CliError.status
    write_whole(Path(out).expanduser(), print_page(page), force=force)
    invocation.out.remark("remark.printed", name=out)
    if page.code.address is None:
        invocation.out.remark("remark.no_address")
    return 0


def page_state(file: bytes) -> PageState:
    """Whether a page is, byte for byte, what is printed for its attachment here and now.

    That it is not says little: another release prints otherwise.
    """
    from node.adapters.printer import print_page  # noqa: PLC0415 -- as above

    said = pdf.read(file)
    language = next((known for known in LANGUAGES if known == said.language), None)
    try:
        code = read_code(said.code or "")
        if language is None:
            return "other"
        again = print_page(page_of(said.text, language, address=code.address))
    except ExtraAbsentError:
        return "unknown"
    except (CredentialsError, DocumentError, PrinterError):
        return "other"
    return "as_printed" if again == file else "other"


def codes_found(invocation: Invocation, picture: bytes, nothing: PictureError) -> list[PaperCode]:
    """The codes of printed pages in a picture; raises the error that it carries nothing, where there are none."""
    from node.adapters.scanner import codes_in  # noqa: PLC0415 -- as above

    try:
        texts = codes_in(picture)
    except ExtraAbsentError as error:
        invocation.out.remark("remark.no_scanner", remedy=error.remedy)
        raise nothing from error
    found = [code for text in texts if (code := _code(text)) is not None]
    if not found:
        raise nothing
    return found


def code_json(code: PaperCode) -> JsonObject:
    """A code as `inspect --json` tells it."""
    return {"text": code.text, "address": code.address, "digest": f"sha256:{code.digest}"}


def _code(text: str) -> PaperCode | None:
    try:
        return read_code(text)
    except PaperError:
        return None
