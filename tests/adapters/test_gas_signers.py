"""Keys that pay for gas: opened, asked, and found out where they are not what they should be."""

import asyncio
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from eth_account import Account

from anchoring.secp256k1 import HALF_ORDER, ORDER, address_of
from anchoring.signing_key import SigningKey
from anchoring.transactions.fees import Fees
from anchoring.transactions.signing import SignerError, Transaction
from node.adapters.gas_signers import DigestGasSigner, Web3Signer, make_keystore, open_keystore
from node.adapters.json_rpc.client import JsonRpc

SECRET = bytes([7]) * 32
ADDRESS = SigningKey(SECRET).address
SENT = Transaction(31_337, 3, bytes(range(20)), b"data", 200_000, Fees(30, 2))
PASSPHRASE = "correct horse"  # noqa: S105 - of no key that is in use
CHEAP = {"kdf": "pbkdf2", "iterations": 1_000}


def keystore(**crypto):
    made = Account.encrypt(SECRET, PASSPHRASE, **CHEAP)
    made["crypto"].update(crypto)
    return made


def opened(document, passphrase=PASSPHRASE):
    return open_keystore(json.dumps(document).encode(), passphrase)


class Module:
    """A key as hardware offers it: each signature another, s in either half, and nothing said about the parity."""

    def __init__(self, *, high=False, address=None):
        self._key, self._high = ec.generate_private_key(ec.SECP256K1()), high
        numbers = self._key.public_key().public_numbers()
        self.address = address or address_of((numbers.x, numbers.y))

    async def sign_digest(self, digest):
        while True:
            r, s = decode_dss_signature(self._key.sign(digest, ec.ECDSA(Prehashed(SHA256()))))
            if (s > HALF_ORDER) == self._high:
                return r, s


@pytest.mark.parametrize("high", [False, True])
def test_a_module_that_signs_digests_pays(high):
    for _ in range(4):
        module = Module(high=high)
        raw = asyncio.run(DigestGasSigner(module).sign(SENT))
        assert bytes.fromhex(Account.recover_transaction(raw)[2:]) == module.address
        SENT.hash_of(raw, module.address)


def test_a_module_with_another_key_or_without_a_signature_is_found():
    class Silent:
        address = ADDRESS

        def __init__(self, r, s):
            self._pair = r, s

        async def sign_digest(self, _):
            return self._pair

    keys = [Module(address=ADDRESS), Silent(0, 1), Silent(1, 0), Silent(ORDER, 1), Silent(1, ORDER), Silent(-1, 2**300)]
    for key in keys:
        with pytest.raises(SignerError) as caught:
            asyncio.run(DigestGasSigner(key).sign(SENT))
        assert caught.value.code == "transaction.other_key"


@pytest.mark.parametrize("kdf", ["scrypt", "pbkdf2"])
def test_a_keystore_opens_with_its_passphrase_alone(kdf):
    document = Account.encrypt(SECRET, PASSPHRASE, kdf=kdf, iterations=1_024)
    signer = opened(document)
    assert signer.address == ADDRESS
    SENT.hash_of(asyncio.run(signer.sign(SENT)), ADDRESS)
    with pytest.raises(SignerError, match="does not open"):
        opened(document, "another one")


@pytest.mark.parametrize(
    "asked",
    [
        {"n": 2**18, "r": 8, "p": 2},
        {"n": 2**19, "r": 8, "p": 1},
        {"n": 2**22, "r": 1, "p": 1},
        {"n": 2, "r": 2**18, "p": 1},
        {"n": 2, "r": 8, "p": 2**16},
        {"n": 0, "r": 8, "p": 1},
        {"c": 2_000_001, "prf": "hmac-sha256"},
    ],
)
def test_a_keystore_that_asks_for_too_much_work_is_refused_before_any(asked, monkeypatch):
    monkeypatch.setattr(Account, "decrypt", lambda *_: pytest.fail("it was worked on"))
    stated = keystore(kdfparams={**asked, "dklen": 32, "salt": "00"}, kdf="scrypt" if "n" in asked else "pbkdf2")
    with pytest.raises(SignerError, match="more work"):
        opened(stated)


@pytest.mark.parametrize(("n", "r", "p"), [(2**18, 8, 1), (2**18, 1, 8), (2**17, 8, 1), (2**12, 8, 6), (2**13, 8, 1)])
def test_the_keystores_that_others_write_are_not_too_much_work(n, r, p, monkeypatch):
    """Those of geth (both kinds), of the definition's own example, of ethers and of web3.js."""
    asked = []
    monkeypatch.setattr(Account, "decrypt", lambda document, _: asked.append(document) or SECRET)
    stated = keystore(kdfparams={"n": n, "r": r, "p": p, "dklen": 32, "salt": "00"}, kdf="scrypt")
    assert opened(stated).address == ADDRESS
    assert [document["crypto"]["kdfparams"]["n"] for document in asked] == [n]


def test_a_keystore_that_was_made_here_opens_elsewhere():
    data, address = make_keystore(PASSPHRASE, SECRET)
    assert address == ADDRESS
    assert Account.decrypt(json.loads(data), PASSPHRASE) == SECRET
    assert SECRET.hex() not in data.decode()
    with pytest.raises(SignerError):
        make_keystore("short")


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"[]",
        b"{}",
        {"version": 1, "crypto": {}},
        {**keystore(), "version": 1},
        {**keystore(), "crypto": []},
        keystore(kdfparams={"n": 2**30, "r": 8, "p": 1, "dklen": 32, "salt": "00"}, kdf="scrypt"),
        keystore(kdfparams={"n": 2**18, "r": 8, "p": 1000, "dklen": 32, "salt": "00"}, kdf="scrypt"),
        keystore(kdfparams={"c": 10**9, "dklen": 32, "prf": "hmac-sha256", "salt": "00"}),
        keystore(kdfparams={"c": "1", "dklen": 32, "prf": "hmac-sha256", "salt": "00"}),
        keystore(kdfparams={"n": 2, "r": 8, "p": 1, "dklen": 200_000_000, "salt": "00"}, kdf="scrypt"),
        keystore(kdfparams={"c": 1, "dklen": 200_000_000, "prf": "hmac-sha256", "salt": "00"}),
        keystore(kdfparams={"c": 1, "dklen": 32, "prf": 5, "salt": "00"}),
        keystore(kdfparams={"c": 1, "dklen": 32, "prf": "hmac-sha1", "salt": "00"}),
        keystore(kdf="argon2"),
        keystore(cipher="none"),
        keystore(mac="00" * 32),
        keystore(ciphertext=5),
        {**keystore(), "address": "11" * 20},
        b" " * 20_000,
    ],
)
def test_what_is_no_usable_keystore_is_told_without_work(document):
    data = document if isinstance(document, bytes) else json.dumps(document).encode()
    with pytest.raises(SignerError) as caught:
        open_keystore(data, PASSPHRASE)
    assert caught.value.code == "transaction.signer"
    assert PASSPHRASE not in str(caught.value)


class Signing(BaseHTTPRequestHandler):
    """What Web3Signer does for `eth_signTransaction`; how it answers is set from outside."""

    secret, asked, answer = SECRET, (), None

    def do_POST(self):
        message = json.loads(self.rfile.read(int(self.headers["content-length"])))
        type(self).asked = (*self.asked, message)
        body = {"jsonrpc": "2.0", "id": message["id"], **self.reply(message)}
        data = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def reply(self, message):
        if self.answer is not None:
            return self.answer
        [fields] = message["params"]
        known = {
            "from": "0x" + SigningKey(self.secret).address.hex(),
            "to": fields["to"],
            "value": 0,
            "data": fields["data"],
            "chainId": 31_337,
            **{name: int(fields[name], 16) for name in ("nonce", "gas", "maxFeePerGas", "maxPriorityFeePerGas")},
        }
        if message["method"] != "eth_signTransaction" or fields["from"] != known.pop("from"):
            return {"error": {"code": -32000, "message": "no key for this account"}}
        raw = Account.sign_transaction(known, self.secret).raw_transaction
        return {"result": "0x" + raw.hex()}

    def log_message(self, *_):
        pass


@pytest.fixture
def web3signer():
    handler = type("Handler", (Signing,), {})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield handler, JsonRpc(f"http://127.0.0.1:{server.server_port}")
        server.shutdown()
        thread.join()


def test_web3signer_signs_what_it_is_asked_to(web3signer):
    handler, rpc = web3signer
    raw = asyncio.run(Web3Signer(rpc, ADDRESS).sign(SENT))
    SENT.hash_of(raw, ADDRESS)
    [message] = handler.asked
    assert message["method"] == "eth_signTransaction"
    assert message["params"][0]["nonce"] == "0x3"
    handler.answer = {"result": {"raw": "0x" + raw.hex(), "tx": {}}}
    assert asyncio.run(Web3Signer(rpc, ADDRESS).sign(SENT)) == raw, "as nodes answer"


@pytest.mark.parametrize(
    "answer",
    [
        {"error": {"code": -32000, "message": "locked"}},
        {"result": None},
        {"result": "0x123"},
        {"result": {"raw": 5}},
        {"result": ["0x12"]},
    ],
)
def test_a_web3signer_that_does_not_sign_is_told(web3signer, answer):
    handler, rpc = web3signer
    handler.answer = answer
    with pytest.raises(SignerError) as caught:
        asyncio.run(Web3Signer(rpc, ADDRESS).sign(SENT))
    assert caught.value.code == "transaction.signer"


def test_a_web3signer_without_the_key_or_not_there_is_told(web3signer):
    _, rpc = web3signer
    for signer in (Web3Signer(rpc, bytes(20)), Web3Signer(JsonRpc("http://127.0.0.1:9"), ADDRESS)):
        with pytest.raises(SignerError):
            asyncio.run(signer.sign(SENT))
