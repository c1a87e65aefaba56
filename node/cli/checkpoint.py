"""`glejt checkpoint`: blocks that signers vouch for, so that others need no node of the chain and no network.

Made by what enough nodes of a chain agree on, signed by one signer after another, each for itself, and shown with what
a trust file makes of it.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from anchoring.checkpoint import MAX_BYTES, MAX_SIGNATURES, Chain, Checkpoint, SignedCheckpoint, TrustedBlock
from anchoring.errors import AnchoringError, IndeterminateError, InvalidError
from anchoring.facts import ENDLESS
from anchoring.header import Header
from did_methods.errors import DidMethodsError
from did_methods.multibase import encode_base58btc
from did_methods.multikey import PublicKey
from node.adapters.json_rpc.client import JsonRpc
from node.adapters.json_rpc.reader import JsonRpcReader
from node.adapters.key_file import read_key_file
from node.cli.did import unlock
from node.cli.errors import CliError, Refused, Unknowable
from node.cli.files import read_input, require_free, write_whole
from node.cli.inputs import trust_for
from node.cli.invocation import Invocation, path_of
from node.cli.output import visible
from node.credentials.timestamps import format_timestamp
from node.proofs.signatures import local_signer
from node.verification.chains import TrustedChain, caip
from node.verification.checkpoint_signers import signed_by, signer_of
from node.verification.records import moment
from node.verification.trust import Trust

if TYPE_CHECKING:
    from node.documents import JsonObject, JsonValue

USUAL_DAYS: Final = 90
"""How long a checkpoint counts where nothing else is asked: signers can sign the same block again."""
MAX_DAYS: Final = 36_500
UNTOLD: Final = 20


@dataclass(frozen=True, slots=True)
class NewCheckpoint:
    """What was asked of `checkpoint make`, as typed."""

    chain: str | None
    trust: str | None
    block: str | None
    days: str | None
    embedded: str | None = None


def make(invocation: Invocation, new: NewCheckpoint, *, out: str, force: bool) -> int:
    """Write down a final block of a chain, on which enough of its nodes agree; nobody has signed it yet."""
    path = Path(out).expanduser()
    require_free(path, force=force)
    days = _number(new.days, "--days", most=MAX_DAYS) or USUAL_DAYS
    wanted = _number(new.block, "--block", most=2**63)
    block, header, network = _final(invocation, new, wanted)
    expires = min(int((datetime.now(UTC) + timedelta(days=days)).timestamp()), ENDLESS)
    checkpoint = Checkpoint(block.chain, block.number, block.hash, header.timestamp, expires)
    write_whole(path, SignedCheckpoint.of(checkpoint, ()).encode(), force=force)
    invocation.out.answer(_sentence(invocation, checkpoint, network))
    invocation.out.remark("remark.checkpoint_made", name=out)
    if new.embedded is not None:
        from node.cli.embedded import chain_lines  # noqa: PLC0415 -- as below

        invocation.out.remark("anchor.checkpoint_trust")
        if not invocation.out.quiet:
            for line in chain_lines(block).splitlines():
                invocation.out.say(f"  {line}".rstrip())
    return 0


def _final(invocation: Invocation, new: NewCheckpoint, wanted: int | None) -> tuple[TrustedBlock, Header, str]:
    """A final block of the chain that was named, its header, and what the chain is called."""
    if new.embedded is not None:
        if new.chain is not None:
            raise CliError("usage.checkpoint_chains")
        from node.adapters.chain_access import EMBEDDED  # noqa: PLC0415 -- few have a chain
        from node.cli.embedded import embedded_block  # noqa: PLC0415 -- as above

        return *asyncio.run(embedded_block(invocation, new.embedded, wanted)), EMBEDDED
    if new.chain is None:
        raise CliError("usage.missing", name=invocation.words("metavar.network_name"))
    trusted = _chain(trust_for(invocation, new.trust), new.chain)
    if invocation.settings.offline or not trusted.rpc:
        raise CliError("checkpoint.no_nodes", name=trusted.name)
    return *asyncio.run(_agreed(trusted, wanted)), trusted.name


def sign(  # noqa: PLR0913 -- one parameter per option
    invocation: Invocation,
    names: Sequence[str],
    *,
    key: str | None,
    passphrase_file: str | None,
    trust: str | None,
    offline: bool,
    out: str,
    force: bool,
) -> int:
    """Join the signatures in the files, which have to be of one checkpoint, and add one's own.

    A signature that does not hold is not passed on. The block is compared with what nodes of the chain say, where the
    trust file names any and nothing is said against it.
    """
    path = Path(out).expanduser()
    require_free(path, force=force)
    files = [_read(name) for name in names]
    signed = files[0].signed
    checkpoint = Checkpoint.decode(signed)
    signatures: dict[bytes, bytes] = {}
    for name, file in zip(names, files, strict=True):
        if file.signed != signed:
            raise Refused("checkpoint.different", name=name, other=names[0])
        for signer, signature in file.signatures:
            if not signed_by(signer, signed, signature):
                raise Refused("checkpoint.forged", name=name, signer=_multikey(signer))
            signatures[signer] = signature
    network = _known_as(checkpoint, trust_for(invocation, trust))
    invocation.out.answer(_sentence(invocation, checkpoint, network[0]))
    key_path = path_of(key, invocation.settings.key)
    if key_path is None and len(names) == 1:
        raise CliError("usage.missing", name="--key")
    if key_path is not None:
        if not _compared(network[1], checkpoint, offline=offline or invocation.settings.offline):
            invocation.out.remark("remark.checkpoint_unseen")
        key_file = read_key_file(key_path)
        signer = _signer(key_file.public)
        private = unlock(invocation, key_file, key_path, passphrase_file)
        signatures[signer] = local_signer(private).sign(signed)
    if len(signatures) > MAX_SIGNATURES:
        raise CliError("checkpoint.many", most=MAX_SIGNATURES)
    write_whole(path, SignedCheckpoint.of(checkpoint, signatures.items()).encode(), force=force)
    invocation.out.remark("remark.checkpoint_signed", count=len(signatures), name=out)
    return 0


def show(invocation: Invocation, name: str, *, trust: str | None, as_json: bool) -> int:
    """Say which block a checkpoint is of, who signed, and whether it counts under the trust file."""
    file = _read(name)
    checkpoint = Checkpoint.decode(file.signed)
    chosen = trust_for(invocation, trust)
    network, trusted = _known_as(checkpoint, chosen)
    counted = trusted.checkpoints.keys if trusted is not None and trusted.checkpoints is not None else frozenset()
    signers: list[JsonObject] = [
        {
            "key": _multikey(signer),
            "holds": signed_by(signer, file.signed, signature),
            "counts": signer in counted,
        }
        for signer, signature in file.signatures
    ]
    code, details = _verdict(file, trusted)
    out, words = invocation.out, invocation.words
    if as_json:
        listed: list[JsonValue] = [*signers]
        out.answer_json(
            {
                "chain": caip(checkpoint.chain.id),
                "genesis": f"0x{checkpoint.chain.genesis.hex()}",
                "block": checkpoint.number,
                "hash": f"0x{checkpoint.hash.hex()}",
                "time": format_timestamp(moment(checkpoint.timestamp)),
                "expires": format_timestamp(moment(checkpoint.expires)),
                "signers": listed,
                "code": code,
                **({"message": details} if details else {}),
            }
        )
        return 0 if code == TRUSTED else UNTOLD
    out.answer(_sentence(invocation, checkpoint, network), "bold")
    for signer in signers:
        holds = "checkpoint.signer" if signer["holds"] else "checkpoint.signer_wrong"
        out.answer(f"  {words(holds, key=visible(signer['key']))}{words('checkpoint.counts') * bool(signer['counts'])}")
    if code == TRUSTED:
        out.answer(words("checkpoint.trusted"), "green")
        return 0
    out.answer(words("checkpoint.untrusted", details=visible(details)), "grey")
    return UNTOLD


TRUSTED: Final = "checkpoint.trusted"


def _verdict(file: SignedCheckpoint, trusted: TrustedChain | None) -> tuple[str, str]:
    """The code of what a trust file makes of a checkpoint, and why it does not count."""
    if trusted is None:
        return "trust.unknown_chain", "the trust file does not know this chain"
    if trusted.checkpoints is None:
        return "trust.no_signers", "the trust file names no signers of checkpoints of this chain"
    try:
        trusted.checkpoints.accept(file, check=signed_by, at=datetime.now(UTC))
    except AnchoringError as error:
        return error.code, str(error)
    return TRUSTED, ""


async def _agreed(trusted: TrustedChain, wanted: int | None) -> tuple[TrustedBlock, Header]:
    try:
        async with JsonRpcReader(
            trusted.chain,
            trusted.contract,
            [JsonRpc(url) for url in trusted.rpc],
            trusted.quorum,
            light=trusted.light_client,
        ) as reader:
            block = await (reader.final_block() if wanted is None else reader.block(wanted))
            return block, block.header(await reader.header(block))
    except IndeterminateError as error:
        raise Unknowable("checkpoint.unagreed", name=trusted.name, details=f"{error} ({error.code})") from error


def _compared(trusted: TrustedChain | None, checkpoint: Checkpoint, *, offline: bool) -> bool:
    """Whether nodes of the chain were asked; Refused where they tell of another block."""
    if offline or trusted is None or not trusted.rpc:
        return False
    block, header = asyncio.run(_agreed(trusted, checkpoint.number))
    if (block.hash, header.timestamp) != (checkpoint.hash, checkpoint.timestamp):
        raise Refused("checkpoint.other_block", name=trusted.name, block=checkpoint.number)
    return True


def _known_as(checkpoint: Checkpoint, trust: Trust) -> tuple[str, TrustedChain | None]:
    """What the trust file calls the chain of a checkpoint, by its number and its first block."""
    chain: Chain = checkpoint.chain
    trusted = trust.chain(chain.id)
    if trusted is None or trusted.chain != chain:
        return caip(chain.id), None
    return trusted.name, trusted


def _chain(trust: Trust, name: str) -> TrustedChain:
    for trusted in trust.chains:
        if name in {trusted.name, trusted.caip, str(trusted.chain.id)}:
            return trusted
    raise CliError("checkpoint.chain", name=name, known=", ".join(chain.name for chain in trust.chains) or "-")


def _read(name: str) -> SignedCheckpoint:
    try:
        file = SignedCheckpoint.decode(read_input(name, limit=MAX_BYTES))
        Checkpoint.decode(file.signed)
    except InvalidError as error:
        raise CliError("input.no_checkpoint", name=name) from error
    return file


def _signer(public: PublicKey) -> bytes:
    try:
        return signer_of(public)
    except DidMethodsError as error:
        raise CliError("checkpoint.key", details=str(error)) from error


def _multikey(signer: bytes) -> str:
    try:
        return PublicKey.from_multibase(encode_base58btc(signer)).to_multibase()
    except DidMethodsError:
        return f"0x{signer.hex()}"


def _number(text: str | None, option: str, *, most: int) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(most)) and 1 <= int(text) <= most):
        raise CliError("usage.number", option=option, value=text, lowest=1, highest=most)
    return int(text)


def _sentence(invocation: Invocation, checkpoint: Checkpoint, network: str) -> str:
    return invocation.words(
        "checkpoint.of",
        network=visible(network),
        block=str(checkpoint.number),
        hash=f"0x{checkpoint.hash.hex()}",
        time=format_timestamp(moment(checkpoint.timestamp)),
        expires=format_timestamp(moment(checkpoint.expires)),
    )
