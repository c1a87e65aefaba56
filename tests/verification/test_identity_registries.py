"""Which registry did:ethr is read from on a chain, and which is not taken for it."""

import json

import pytest
from support import ROOT

from anchoring.storage_proof import Contract
from did_methods.ethr import NETWORKS
from node.verification.identity_registries import DEPLOYED, registry_on
from node.verification.trust import parse_trust

ARTIFACT = json.loads((ROOT / "anchoring" / "artifacts" / "EthereumDIDRegistry.json").read_text("utf-8"))
OURS = Contract(bytes.fromhex(ARTIFACT["address"][2:]), bytes.fromhex(ARTIFACT["codeHash"][2:]))
OTHER, CODE = b"\x11" * 20, b"\x22" * 32
CHAIN = f"""
[[chains]]
name = "Some"
id = {{}}
genesis = "0x{"33" * 32}"
kind = "local"
"""


def test_ours_stands_at_one_address_where_there_is_no_other():
    assert registry_on(31_337) == OURS
    assert registry_on(31_337, OTHER) == Contract(OTHER, OURS.code_hash)
    assert registry_on(31_337, None, CODE) == Contract(OURS.address, CODE)


@pytest.mark.parametrize("chain_id", NETWORKS.values())
def test_where_everybody_reads_one_it_takes_the_hash_of_its_code(chain_id):
    """Read from ours there, an identifier would have another document than everybody else sees."""
    assert registry_on(chain_id) is None
    assert registry_on(chain_id, DEPLOYED[chain_id]) is None
    assert registry_on(chain_id, None, CODE) == Contract(DEPLOYED[chain_id], CODE)
    assert registry_on(chain_id, OTHER) == Contract(OTHER, OURS.code_hash)


def test_a_trust_file_says_which():
    def chain(text):
        (found,) = parse_trust(text, open).chains
        return found.registry

    assert chain(CHAIN.format(31_337)) == OURS
    assert chain(CHAIN.format(1)) is None
    assert chain(CHAIN.format(1) + f'registry_code_hash = "0x{CODE.hex()}"\n') == Contract(DEPLOYED[1], CODE)
    both = f'registry = "0x{OTHER.hex()}"\nregistry_code_hash = "0x{CODE.hex()}"\n'
    assert chain(CHAIN.format(31_337) + both) == Contract(OTHER, CODE)
