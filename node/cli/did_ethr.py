"""`glejt did create --method ethr`: the key that owns an identity; nothing has to be written to its chain."""

import os
from pathlib import Path
from typing import Final

from did_methods.errors import DidMethodsError
from did_methods.ethr import METHOD, controller_key_id, create
from did_methods.multikey import KeyType, PrivateKey
from node.adapters.key_file import write_key_file
from node.cli.did import NewKey, new_passphrase
from node.cli.errors import CliError
from node.cli.invocation import Invocation

__all__ = ["METHOD", "create_ethr"]

KEY_TYPE: Final = "secp256k1"


def create_ethr(invocation: Invocation, new: NewKey, network: str | None, *, out: str) -> int:
    """Make the key that owns a did:ethr, with its file; the DID is the answer."""
    if new.key_type != KEY_TYPE:
        raise CliError("usage.choice", option="--type", value=new.key_type, known=KEY_TYPE)
    if not new.protected and new.passphrase_file:
        raise CliError("usage.passphrase_conflict")
    if new.domain is not None:
        raise CliError("usage.domain")
    if (new.signs, new.epoch) != (None, None):
        raise CliError("usage.key_scope")
    path = Path(out).expanduser()
    if os.path.lexists(path):  # before a passphrase is asked for
        raise CliError("key_file.exists")
    private = PrivateKey.generate(KeyType.SECP256K1)
    try:
        did = create(private.public, network=network)
    except DidMethodsError as error:
        raise CliError("did.invalid", details=f"{error}. {error.remedy}") from error
    passphrase = new_passphrase(invocation, new.passphrase_file) if new.protected else None
    write_key_file(path, private, verification_method=controller_key_id(did), passphrase=passphrase)
    invocation.out.answer(str(did))
    invocation.out.remark("remark.key_protected" if new.protected else "remark.key_unprotected", name=out)
    invocation.out.remark("remark.owns")
    return 0
