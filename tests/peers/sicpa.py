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


async def timed(request: dict[str, Any]) -> dict[str, float]:
    """Seconds for `count` messages each way, after as many that are not counted; documents and secrets are warm."""
    config, packed = resolvers(request), await pack(request)
    message = Message.from_dict(dict(request["message"]))
    options = PackEncryptedConfig(forward=False)
    works: dict[str, Callable[[], Awaitable[object]]] = {
        "pack": lambda: pack_encrypted(config, message, to=request["to"], frm=request["from"], pack_config=options),
        "unpack": lambda: unpack(config, packed),
    }
    seconds = {}
    for name, work in works.items():
        for counted in (False, True):
            start = time.perf_counter()
            for _ in range(request["count"]):
                await work()
            if counted:
                seconds[name] = time.perf_counter() - start
    return seconds


OPERATIONS: dict[str, Callable[[dict[str, Any]], Awaitable[Any]]] = {
    "didcommPack": pack,
    "didcommUnpack": opened,
    "didcommTime": timed,
}

for line in sys.stdin:
    request = json.loads(line)
    try:
        answer = {"id": request["id"], "ok": asyncio.run(OPERATIONS[request["op"]](request))}
    except Exception as error:  # noqa: BLE001 -- whatever the library refuses with is its answer
        answer = {"id": request["id"], "error": {"name": type(error).__name__, "message": str(error)[:200]}}
    print(json.dumps(answer), flush=True)  # noqa: T201 -- the answer
