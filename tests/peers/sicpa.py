"""DIDComm envelopes by `didcomm`, in its own environment: one JSON request per line in, one answer per line out.

Runs under the interpreter of `.venv-didcomm`; imports nothing of glejt. Documents and secrets come with each request.
"""

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

from didcomm.common.algorithms import AnonCryptAlg
from didcomm.common.resolvers import ResolversConfig
from didcomm.common.types import VerificationMaterial, VerificationMaterialFormat, VerificationMethodType
from didcomm.did_doc.did_doc import DIDDoc, VerificationMethod
from didcomm.did_doc.did_resolver_in_memory import DIDResolverInMemory
from didcomm.message import FromPrior, Message
from didcomm.pack_encrypted import PackEncryptedConfig, pack_encrypted
from didcomm.pack_signed import pack_signed
from didcomm.secrets.secrets_resolver import Secret
from didcomm.secrets.secrets_resolver_in_memory import SecretsResolverInMemory
from didcomm.unpack import unpack
from joserfc.drafts.jwe_ecdh_1pu import register_ecdh_1pu
from joserfc.jwe import GeneralJSONEncryption, JWERegistry, decrypt_json, encrypt_json
from joserfc.jwk import import_key

TYPE = VerificationMethodType.JSON_WEB_KEY_2020


def material(jwk: dict[str, Any]) -> VerificationMaterial:
    """A JWK as the library takes it."""
    return VerificationMaterial(VerificationMaterialFormat.JWK, json.dumps(jwk))


def resolvers(request: dict[str, Any]) -> ResolversConfig:
    """The documents and secrets of a request."""
    documents = [
        DIDDoc(
            did=each["id"],
            key_agreement_kids=each["keyAgreement"],
            authentication_kids=each["authentication"],
            verification_methods=[
                VerificationMethod(one["id"], TYPE, each["id"], material(one["publicKeyJwk"]))
                for one in each["verificationMethod"]
            ],
            didcomm_services=[],
        )
        for each in request["documents"]
    ]
    secrets = [Secret(each["id"], TYPE, material(each["privateKeyJwk"])) for each in request["secrets"]]
    return ResolversConfig(SecretsResolverInMemory(secrets), DIDResolverInMemory(documents))


async def pack(request: dict[str, Any]) -> str:
    """A message as the library packs it."""
    config = resolvers(request)
    message = Message.from_dict(dict(request["message"]))
    if prior := request.get("prior"):
        message.from_prior = FromPrior(**prior["claims"])
    if request.get("to") is None:
        return (await pack_signed(config, message, request["signBy"])).packed_msg
    options = PackEncryptedConfig(forward=False, protect_sender_id=request.get("protect_sender", False))
    if "encryption" in request:
        options.enc_alg_anon = AnonCryptAlg[request["encryption"]]
    parties = {"to": request["to"], "frm": request.get("from"), "sign_frm": request.get("signBy")}
    return (await pack_encrypted(config, message, **parties, pack_config=options)).packed_msg


async def opened(request: dict[str, Any]) -> dict[str, Any]:
    """What the library finds in a message."""
    result = await unpack(resolvers(request), request["packed"])
    found = result.metadata
    return {
        "message": result.message.as_dict(),
        "metadata": {
            "authenticated": found.authenticated,
            "non_repudiation": found.non_repudiation,
            "anonymous_sender": found.anonymous_sender,
            "encrypted_from_kid": found.encrypted_from,
            "sign_from": found.sign_from,
            "from_prior_issuer_kid": found.from_prior_issuer_kid,
        },
    }


async def timed(request: dict[str, Any]) -> list[float]:
    """Milliseconds of each of `count` messages; documents and secrets are warm."""
    config, packed = resolvers(request), await pack(request)
    message = Message.from_dict(dict(request["message"]))
    options = PackEncryptedConfig(forward=False)
    works: dict[str, Callable[[], Awaitable[object]]] = {
        "pack": lambda: pack_encrypted(config, message, to=request["to"], frm=request["from"], pack_config=options),
        "unpack": lambda: unpack(config, packed),
    }
    times = []
    for _ in range(request["count"]):
        start = time.perf_counter()
        await works[request["what"]]()
        times.append(1000 * (time.perf_counter() - start))
    return times


async def timed_alone(request: dict[str, Any]) -> list[float]:
    """The same of `joserfc`, which does the encryption alone: no documents, no message, no check of who is named."""
    register_ecdh_1pu()
    registry = JWERegistry(algorithms=["ECDH-1PU+A256KW", "A256CBC-HS512"])
    sender, recipient = (import_key(each["privateKeyJwk"]) for each in request["secrets"])
    content = json.dumps(request["message"]).encode()
    protected = {"alg": "ECDH-1PU+A256KW", "enc": "A256CBC-HS512", "apu": "YQ", "apv": "Yg"}

    def encrypted() -> Any:
        message = GeneralJSONEncryption(protected, content)
        message.add_recipient({"kid": "b"}, recipient)
        return encrypt_json(message, None, registry=registry, sender_key=sender)

    packed = encrypted()
    works: dict[str, Callable[[], object]] = {
        "pack": lambda: json.dumps(encrypted()),
        "unpack": lambda: decrypt_json(packed, recipient, registry=registry, sender_key=sender),
    }
    times = []
    for _ in range(request["count"]):
        start = time.perf_counter()
        works[request["what"]]()
        times.append(1000 * (time.perf_counter() - start))
    return times


OPERATIONS: dict[str, Callable[[dict[str, Any]], Awaitable[Any]]] = {
    "didcommPack": pack,
    "didcommUnpack": opened,
    "didcommTime": timed,
    "joserfcTime": timed_alone,
}

for line in sys.stdin:
    request = json.loads(line)
    try:
        answer = {"id": request["id"], "ok": asyncio.run(OPERATIONS[request["op"]](request))}
    except Exception as error:  # noqa: BLE001 -- whatever the library refuses with is its answer
        answer = {"id": request["id"], "error": {"name": type(error).__name__, "message": str(error)[:200]}}
    print(json.dumps(answer), flush=True)  # noqa: T201 -- the answer
