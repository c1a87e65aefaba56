"""The chain that a node is set up with, where the trust file has none of this name."""

from types import SimpleNamespace

import pytest

from node.adapters.node_folder import NodeFolder
from node.app.errors import StartError
from node.app.node_chain import chain_of


@pytest.mark.parametrize(
    ("listed", "told"),
    [
        ([], "the trust file has no chain “nowhere” with nodes to ask"),
        ([("one", ["x"]), ("two", []), ("three", ["x"])],
         "the trust file has no chain “nowhere” with nodes to ask, but one, three"),
    ],
)  # fmt: skip
def test_a_chain_that_is_not_there_is_told_with_those_that_are(tmp_path, listed, told):
    trust = SimpleNamespace(chains=[SimpleNamespace(name=name, rpc=rpc) for name, rpc in listed])
    with pytest.raises(StartError) as refused:
        chain_of(SimpleNamespace(chain="nowhere"), NodeFolder(tmp_path), trust)
    assert (str(refused.value), refused.value.code) == (told, "start.chain")
