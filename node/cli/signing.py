"""Who signs what a command makes: the key that was named or set, opened, and the contexts that may be used."""

from dataclasses import replace

from did_methods.multikey import PrivateKey
from node.adapters.held_keys import HeldKeys
from node.adapters.key_file import read_key_file
from node.cli.did import unlock
from node.cli.errors import CliError
from node.cli.inputs import trust_for
from node.cli.invocation import Invocation, path_of
from node.issuance.disclosable import NOTHING_MORE, Disclosure
from node.issuance.secure import Signing, SigningProfile, usual_suite


def signing_for(  # noqa: PLR0913 -- each is a decision of the caller
    invocation: Invocation,
    key: str | None,
    passphrase_file: str | None,
    *,
    suite: str | None = None,
    proof_array: bool = False,
    trial: bool = False,
    disclosure: Disclosure | None = None,
) -> Signing:
    """The signing by a key file; its passphrase is read from its file, or asked for.

    On trial another key signs, made up for it, and the file is not opened: what it signs is for nobody.
    """
    path = path_of(key, invocation.settings.key)
    if path is None:
        raise CliError("usage.missing", name="--key")
    key_file = read_key_file(path)
    trust = trust_for(invocation, None)
    method = str(key_file.verification_method)
    profile = SigningProfile(
        issuer=str(key_file.verification_method.did),
        verification_method=method,
        cryptosuite=suite or usual_suite(key_file.public.type),
        proof_array=proof_array,
        disclosure=replace(disclosure or NOTHING_MORE, scope=key_file.scope),
    )
    if trial:
        private = PrivateKey.generate(key_file.public.type)
    else:
        private = unlock(invocation, key_file, path, passphrase_file)
    return Signing(profile, HeldKeys({method: private}), trust)
