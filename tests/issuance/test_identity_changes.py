"""What the owner of a did:ethr orders, tried on a real registry, and read back."""

import asyncio
import time

import pytest
from anvil_support import running_chain

from anchoring.identity_registry import nonce_slot
from anchoring.registry_calls import ChangeOwner
from anchoring.signing_key import SigningKey
from did_methods.curves import KeyType
from did_methods.errors import DidMethodsError
from did_methods.ethr import EthrMethod, create
from did_methods.multikey import PrivateKey
from node.adapters.json_rpc.client import JsonRpc
from node.adapters.json_rpc.reader import JsonRpcReader
from node.adapters.registry_reader import RegistryReader
from node.issuance.identity_changes import (
    add_key,
    add_service,
    authorized,
    give_up,
    hand_over,
    rotate_key,
    withdraw_key,
)
from node.verification.ethr_evidence import read_json

OWNER, NEXT = (PrivateKey(KeyType.SECP256K1, bytes([number]) * 32) for number in (5, 6))
KEYS = [PrivateKey(KeyType.P256, bytes([number]) * 32).public for number in (7, 8)]
DID = create(OWNER.public, network="0x7a69")


def test_what_the_registry_has_no_room_for():
    with pytest.raises(DidMethodsError):
        add_service(DID, "x" * 30, "https://hub.example")
    with pytest.raises(DidMethodsError):
        hand_over(DID, KEYS[0])


@pytest.mark.peer
def test_the_life_of_an_identity():
    with running_chain("--slots-in-an-epoch", "1", "--timestamp", str(int(time.time()) - 7200)) as chain:
        registry = chain.deploy("EthereumDIDRegistry")
        node = JsonRpc(f"http://127.0.0.1:{chain.port}")

        def order(owner, *calls):
            """Somebody else brings what the owner signed."""
            for call in calls:
                slot = "0x" + nonce_slot(owner.address).hex()
                count = int(chain.ask("eth_getStorageAt", "0x" + registry.address.hex(), slot, "latest"), 16)
                data = authorized(call, owner, registry=registry.address, nonce=count)
                chain.transact(registry.address, data, sender=7)
            chain.ask("anvil_mine", "0x4")

        def document():
            reader = RegistryReader(JsonRpcReader(chain.chain, registry, [node], 1), registry)
            method = EthrMethod(lambda _chain: reader, read_json, lambda: int(time.time()))
            return asyncio.run(method.resolve(DID))

        def keys():
            return [entry.get("publicKeyMultibase") for entry in document().document["verificationMethod"]][2:]

        first, second = (SigningKey(key.raw) for key in (OWNER, NEXT))
        order(first, add_key(DID, KEYS[0]), add_service(DID, "Hub", "https://hub.example"))
        assert keys() == [KEYS[0].to_multibase()]
        assert document().document["service"][0]["serviceEndpoint"] == "https://hub.example"
        order(first, *rotate_key(DID, KEYS[0], KEYS[1]))
        assert keys() == [KEYS[1].to_multibase()]
        order(first, withdraw_key(DID, KEYS[1]), add_key(DID, KEYS[0], validity=0))
        assert keys() == []
        order(first, hand_over(DID, NEXT.public))
        assert len(document().document["verificationMethod"]) == 1
        with pytest.raises(Exception, match="reverted"):
            order(first, ChangeOwner(first.address, first.address))
        order(second, give_up(DID))
        assert document().deactivated
