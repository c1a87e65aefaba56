"""`glejt bake` and `glejt unbake`: a signed badge into a picture, and out of it."""

import sys
from pathlib import Path
from typing import Final

from node.cli.errors import CliError, describe, naming
from node.cli.files import STDIN, read_input, write_whole
from node.cli.invocation import Invocation
from node.cli.output import escaped
from node.credentials.errors import BadgeError, PictureError
from node.credentials.pictures.limits import MAX_BADGE_BYTES, MAX_PICTURE_BYTES
from node.credentials.pictures.picture import bake, unbake

REFUSED: Final = frozenset({"picture.none", "picture.several", "picture.taken", "picture.svg.active"})
"""What is wrong with a picture that could be read."""


def bake_file(  # noqa: PLR0913 -- one parameter per option
    invocation: Invocation, picture: str, credential: str, *, out: str, replace: bool, force: bool
) -> int:
    """Write the picture with the badge in it, whole or not at all."""
    if picture == credential == STDIN:
        raise CliError("usage.stdin_twice")
    with naming(picture):
        image = read_input(picture, limit=MAX_PICTURE_BYTES)
    with naming(credential):
        badge = read_input(credential, limit=MAX_BADGE_BYTES)
    try:
        baked = bake(image, badge, replace=replace)
    except PictureError as error:
        return _refused(invocation, error)
    write_whole(Path(out).expanduser(), baked, force=force)
    invocation.out.remark("remark.baked", name=out)
    return 0


def unbake_file(invocation: Invocation, picture: str, *, out: str | None, force: bool) -> int:
    """Give the badge in a picture as it stands there; a terminal gets no character that it would obey."""
    try:
        found = unbake(read_input(picture, limit=MAX_PICTURE_BYTES))
    except PictureError as error:
        return _refused(invocation, error)
    if out is not None:
        write_whole(Path(out).expanduser(), found.text + b"\n", force=force)
    elif sys.stdout.isatty():
        invocation.out.answer(escaped(found.text.decode()))
    else:
        sys.stdout.buffer.write(found.text + b"\n")
    invocation.out.remark("remark.unbaked", name=picture)
    return 0


def _refused(invocation: Invocation, error: PictureError) -> int:
    invocation.out.error(describe(error, invocation.words))
    return 1 if isinstance(error, BadgeError) or error.code in REFUSED else CliError.status
