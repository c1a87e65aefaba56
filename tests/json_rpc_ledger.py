"""The plainest ledger over anvil, read as a verifier reads: by nodes that have to agree, and by proofs."""

from datetime import UTC, datetime

from anvil_ledger import AnvilLedger

from node.adapters.json_rpc.client import JsonRpc
from node.adapters.json_rpc.reader import JsonRpcReader


class JsonRpcLedger(AnvilLedger):
    """Whatever is asked of it goes through the reader."""

    def __init__(self, anvil, contract):
        super().__init__(anvil, contract)
        nodes = [JsonRpc(f"http://{host}:{anvil.port}") for host in ("127.0.0.1", "localhost")]
        reader = JsonRpcReader(anvil.chain, contract, nodes, 2, now=lambda: datetime.fromtimestamp(self.time(), UTC))
        self.final_block, self.answer, self.prove = reader.final_block, reader.answer, reader.prove
