"""What `glejt doctor` looks at, one function each: it returns what is in order, or raises what is not."""

import asyncio
import os
import platform
import re
import sys
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Final

import node
from did_methods import key as did_key
from did_methods.multikey import KeyType, PrivateKey
from node import config
from node.adapters.held_keys import HeldKeys
from node.adapters.key_file import read_key_file
from node.app import sources
from node.cli.errors import CliError
from node.cli.inputs import policy_for, trust_for
from node.cli.invocation import Invocation, path_of
from node.credentials.contexts import BUNDLED
from node.documents import JsonObject, UnsecuredDocument
from node.issuance.secure import SigningProfile, secure, usual_suite
from node.verification.gather import gather
from node.verification.policy import built_in
from node.verification.report import Verdict
from node.verification.trust import NO_TRUST
from node.verification.verify import verify
from node.verification.vocabulary import vocabulary

NEEDED_PYTHON: Final = (3, 13)
_EVM: Final = "py-evm"
"""Without which there is no embedded chain."""
_PIN: Final = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^;\s]+)\s*(?:;(.*))?$")
SLOW_CLOCK: Final = timedelta(days=1)
"""A clock this far behind the files of the installation is wrong; less may be a time zone at install time."""
LAST_YEAR: Final = 2100
"""A clock beyond this year was never set."""


def examine_python(invocation: Invocation) -> str:
    """The interpreter is one that glejt runs on."""
    del invocation
    if sys.version_info[:2] < NEEDED_PYTHON:
        raise CliError("doctor.python", version=platform.python_version(), needed=".".join(map(str, NEEDED_PYTHON)))
    return f"{platform.python_implementation()} {platform.python_version()}, {platform.system()} {platform.machine()}"


def examine_dependencies(invocation: Invocation) -> str:
    """Each library is there in the version that was tested."""
    try:
        demanded = _pins()
    except PackageNotFoundError as error:
        raise CliError("doctor.not_installed") from error
    _compare(demanded, invocation)
    return invocation.words("doctor.dependencies", count=str(len(demanded)), version=version("glejt"))


def examine_chain(invocation: Invocation) -> str:
    """The embedded chain is not installed, or with the libraries that were tested."""
    try:
        found = version(_EVM)
    except PackageNotFoundError:
        return invocation.words("doctor.no_chain")
    with suppress(PackageNotFoundError):  # which `examine_dependencies` tells
        _compare(_pins(extra="devchain"), invocation)
    return invocation.words("doctor.chain", version=found)


def _pins(*, extra: str | None = None) -> list[tuple[str, str]]:
    """The libraries that the installed glejt demands, or one of its extras, each with its version."""
    pins = filter(None, map(_PIN.match, requires("glejt") or []))
    wanted = [pin for pin in pins if (f"'{extra}'" in _quoted(pin[3]) if extra else "extra" not in _quoted(pin[3]))]
    return [(pin[1], pin[2]) for pin in wanted]


def _quoted(marker: str | None) -> str:
    return (marker or "").replace('"', "'")


def _compare(demanded: Iterable[tuple[str, str]], invocation: Invocation) -> None:
    different: list[str] = []
    for name, wanted in demanded:
        try:
            installed = version(name)
        except PackageNotFoundError:
            installed = invocation.words("doctor.absent")
        if installed != wanted:
            different.append(f"{name} {installed} ≠ {wanted}")
    if different:
        raise CliError("doctor.dependencies", details="; ".join(different))


def examine_contexts(invocation: Invocation) -> str:
    """Each bundled context is the one that was pinned."""
    for url in BUNDLED:
        BUNDLED[url]  # reading compares the digest, and raises if it is another
    return invocation.words("doctor.contexts", count=str(len(BUNDLED)))


def examine_cryptography(invocation: Invocation) -> str:
    """A credential signed with each kind of key is accepted, and refused once a letter is changed."""
    kinds = (KeyType.ED25519, KeyType.P256, KeyType.P384)
    for kind in kinds:
        signed = asyncio.run(_signed(PrivateKey.generate(kind)))
        altered: JsonObject = {**signed, "name": "Changed"}
        if _verdict(signed) is not Verdict.ACCEPTED or _verdict(altered) is not Verdict.REJECTED:
            raise CliError("doctor.cryptography", kind=kind)
    return invocation.words("doctor.cryptography", kinds=", ".join(kinds))


def examine_clock(invocation: Invocation) -> str:
    """The time is later than the installation and not absurd; whether it is exact cannot be told without a network."""
    now = datetime.now(UTC)
    installed = datetime.fromtimestamp(Path(node.__file__).stat().st_mtime, UTC)
    if now < installed - SLOW_CLOCK or now.year >= LAST_YEAR:
        raise CliError("doctor.clock", time=now.isoformat(timespec="seconds"))
    return invocation.words("doctor.clock", time=now.isoformat(timespec="seconds"))


def examine_terminal(invocation: Invocation) -> str:
    """Polish letters come out as they are."""
    encoding = sys.stdout.encoding or "?"
    try:
        "ąęłż".encode(encoding)
    except (LookupError, UnicodeEncodeError) as error:
        raise CliError("doctor.terminal", encoding=encoding) from error
    return f"{encoding}, {invocation.words.language}"


def examine_settings(invocation: Invocation) -> str:
    """The settings files can be read, and every key in them means something."""
    read = config.load({}, os.environ, folder=Path(), user_file=config.user_file()).files
    return ", ".join(map(str, read)) or invocation.words("doctor.defaults")


def examine_variables(invocation: Invocation) -> str:
    """No variable with our prefix is misspelt."""
    if unknown := config.unknown_variables(os.environ):
        raise CliError("doctor.variables", names=", ".join(unknown))
    return invocation.words("doctor.variables")


def examine_policy(invocation: Invocation) -> str:
    """The policy that would be used can be used."""
    policy = policy_for(invocation, None)
    return f"{policy.name} ({', '.join(sorted(policy.requires))})"


def examine_trust(invocation: Invocation) -> str:
    """The trust file that would be used can be used."""
    trust = trust_for(invocation, None)
    if trust is NO_TRUST:
        return invocation.words("doctor.no_trust")
    return invocation.words(
        "doctor.trust",
        lists=str(len(trust.lists)),
        issuers=str(sum(len(trusted.issuers) for trusted in trust.lists)),
        contexts=str(len(trust.contexts)),
        documents=str(len(trust.documents)),
    )


def examine_key(invocation: Invocation) -> str:
    """The key file that is set can be read; its passphrase is not asked for."""
    path = path_of(None, invocation.settings.key)
    if path is None:
        return invocation.words("doctor.no_key")
    key_file = read_key_file(path)
    return f"{key_file.verification_method.did} ({key_file.public.type})"


async def _signed(private: PrivateKey) -> JsonObject:
    did, method = str(did_key.create(private.public)), did_key.method_id(private.public)
    document = UnsecuredDocument(
        {
            "@context": ["https://www.w3.org/ns/credentials/v2"],
            "type": ["VerifiableCredential"],
            "issuer": did,
            "name": "Self-test",
            "credentialSubject": {"id": did},
        }
    )
    profile = SigningProfile(did, method, usual_suite(private.type))
    return await secure(
        document,
        profile,
        HeldKeys({method: private}),
        vocabulary(NO_TRUST.contexts),
        created=datetime.now(UTC).replace(microsecond=0),
    )


def _verdict(document: JsonObject) -> Verdict:
    material = asyncio.run(gather(document, sources(), NO_TRUST))
    return verify(document, material, built_in(), datetime.now(UTC)).verdict
