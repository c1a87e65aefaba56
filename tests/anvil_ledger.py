"""A ledger over anvil's own accounts: the plainest that works, so that the port's tests meet the real contract."""

from anvil_support import GAS, ChainError

from anchoring.errors import UnprovenError
from anchoring.layout import proven_facts, slots_of
from anchoring.ledger import CallProgress, CallState
from anchoring.operations import Outcome, outcome, question_of

RELAYER = 5


class AnvilLedger:
    """Sends each call from an account that is nobody's authority, and again whenever the chain has forgotten it."""

    def __init__(self, anvil, contract):
        self._anvil, self.chain, self.contract = anvil, anvil.chain, contract
        self._calls, self._sent = {}, {}

    async def final_block(self):
        return self._anvil.block("finalized")

    async def answer(self, question, block):
        proof = await self.prove([question], block)
        shown = proven_facts(proof, block_hash=block.hash, contract=self.contract, questions=[question])
        return shown.facts[question]

    async def prove(self, questions, block):
        if block.chain != self.chain or self._anvil.block(block.number).hash != block.hash:
            raise UnprovenError("another block", code="ledger.unknown_block", remedy="Ask about this chain.")
        slots = {slot for question in questions for slot in slots_of(question)}
        return self._anvil.prove(self.contract, slots, block.number)

    async def submit(self, call):
        self._calls.setdefault(call.id, call)
        return call.id

    async def advance(self):
        told = [await self._look(digest, call) for digest, call in list(self._calls.items())]
        for progress in told:
            if progress.state in (CallState.FINALIZED, CallState.REFUSED):
                del self._calls[progress.id]
        return tuple(told)

    async def _look(self, digest, call):
        final = await self.final_block()
        found = outcome(call.operation, await self.answer(question_of(call.operation), final))
        receipt, sent = self._receipt(digest)
        told = {"operation": call.operation, "id": digest, "transaction": sent}
        if receipt:
            number = int(receipt["blockNumber"], 16)
            state = CallState.FINALIZED if number <= final.number else CallState.MINED
            return CallProgress(state=state, block=number, **told)
        if found is not Outcome.OPEN:
            done = found is Outcome.DONE
            return CallProgress(
                state=CallState.FINALIZED if done else CallState.REFUSED, problem=None if done else "overtaken", **told
            )
        if call.expires is not None and call.expires <= self.time("finalized"):
            return CallProgress(state=CallState.REFUSED, problem="too late", **told)
        return CallProgress(state=CallState.SENT, problem=self._send(digest, call), **told)

    def _receipt(self, digest):
        sent = self._sent.get(digest)
        receipt = sent and self._anvil.ask("eth_getTransactionReceipt", "0x" + sent.hex())
        return (receipt if receipt and receipt["status"] == "0x1" else None), sent

    def _send(self, digest, call):
        """Why it cannot be sent, or None where it is."""
        sent = self._sent.get(digest)
        if sent:
            known = self._anvil.ask("eth_getTransactionByHash", "0x" + sent.hex())
            if known and not known.get("blockNumber"):
                return None
        if refusal := self.refusal(call):
            return refusal
        self._sent[digest] = bytes.fromhex(self._anvil.send(self.contract.address, call.data(), sender=RELAYER)[2:])
        return None

    def refusal(self, call):
        """The chain's words for why the contract does not take the call as things stand, or None."""
        transaction = {
            "from": "0x" + self._anvil.accounts[RELAYER].hex(),
            "to": "0x" + self.contract.address.hex(),
            "data": "0x" + call.data().hex(),
            "gas": hex(GAS),
        }
        try:
            self._anvil.ask("eth_call", transaction, "latest")
        except ChainError as error:
            return str(error)
        return None

    def time(self, tag="latest"):
        return int(self._anvil.ask("eth_getBlockByNumber", tag, False)["timestamp"], 16)
