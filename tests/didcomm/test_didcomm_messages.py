"""Plaintext messages: what is read, what is kept, and what is no message."""

from hashlib import sha256, sha512

import orjson
import pytest
from didcomm_support import AT, Party, documents_of
from hypothesis import given
from hypothesis import strategies as st

from did_methods.did import parse_did
from did_methods.multibase import encode_base58btc, to_base58, to_base64url
from node.didcomm.attachment import MAX_ATTACHMENTS, MAX_LINKS, attach_bytes, attach_json, read_attachments
from node.didcomm.errors import AttachmentError, MessageError
from node.didcomm.message import (
    MAX_ACKS,
    MAX_FROM_PRIOR_CHARS,
    MAX_MESSAGE_BYTES,
    MAX_TO,
    compose,
    parse_message,
    read_message,
    write_message,
)
from node.didcomm.message_type import MAX_TYPE_CHARS, parse_message_type
from node.didcomm.signed import attachment_signers
from node.documents import pointer

LEAST = {"id": "1", "type": "https://didcomm.org/empty/1.0/empty", "body": {}}
OFFER = "https://didcomm.org/issue-credential/3.0/offer-credential"


def refusal(**changes):
    document = {name: value for name, value in (LEAST | changes).items() if value is not ...}
    with pytest.raises(MessageError) as caught:
        read_message(document)
    assert caught.value.remedy
    return caught.value.code.removeprefix("didcomm.message."), caught.value.path


def test_the_least_message():
    message = read_message(LEAST)
    assert (message.id, message.thread, message.sender, message.to) == ("1", "1", None, ())
    assert message.document is LEAST
    assert not message.expired(AT)


def test_headers_that_are_not_known_are_kept():
    document = LEAST | {"lang": "pl", "return_route": "all", "nested": {"a": [1]}}
    message = parse_message(orjson.dumps(document))
    assert dict(message.headers) == {"lang": "pl", "return_route": "all", "nested": {"a": [1]}}
    assert orjson.loads(write_message(message)) == document


def test_a_message_is_composed_as_it_is_read():
    did = parse_did("did:example:b")
    message = compose(
        OFFER,
        {"goal_code": "issue"},
        sender="did:example:a",
        to=[did],
        id="ABC-1",
        thid="Thread-1",
        pthid="parent",
        created_time=1,
        expires_time=2,
        please_ack=["", "x"],
        ack=["y"],
        attachments=[attach_json({"a": 1}, id="one", format="glejt/receipt@v1.0", media_type="application/json")],
        headers={"lang": "pl"},
    )
    read = parse_message(write_message(message))
    assert read == message
    assert (read.thread, read.pthid, read.created_time, read.expires_time) == ("thread-1", "parent", 1, 2)
    assert (read.asks_for_ack, read.ack) == (("ABC-1", "x"), ("y",))
    assert read.attachment("one").json() == {"a": 1}
    assert read.attachment("two") is None
    assert read.document["typ"] == "application/didcomm-plain+json"


def test_ids_are_random_where_none_is_given():
    assert compose(OFFER, {}).id != compose(OFFER, {}).id


def test_a_known_header_has_a_parameter_of_its_own():
    with pytest.raises(MessageError):
        compose(OFFER, {}, headers={"from": "did:example:a"})


@pytest.mark.parametrize("typ", ["application/didcomm-plain+json", "didcomm-plain+json", "DIDComm-plain+json"])
def test_the_media_type_may_be_short(typ):
    assert read_message(LEAST | {"typ": typ}).id == "1"


@pytest.mark.parametrize(("value", "asked"), [(True, ("1",)), (False, ()), (["", "2"], ("1", "2"))])
def test_acknowledgements_asked_for_by_a_flag(value, asked):
    assert read_message(LEAST | {"please_ack": value}).asks_for_ack == asked


@pytest.mark.parametrize(("seconds", "expired"), [(-1, True), (0, True), (1, False)])
def test_a_message_expires(seconds, expired):
    assert read_message(LEAST | {"expires_time": int(AT.timestamp()) + seconds}).expired(AT) is expired


NONE = {
    "no id": ({"id": ...}, ("id", "/id")),
    "a number for an id": ({"id": 1}, ("id", "/id")),
    "an empty id": ({"id": ""}, ("id", "/id")),
    "an id with a slash": ({"id": "a/b"}, ("id", "/id")),
    "a long id": ({"id": "a" * 129}, ("id", "/id")),
    "no type": ({"type": ...}, ("type", "/type")),
    "a type that is no text": ({"type": []}, ("type", "/type")),
    "a type without a version": ({"type": "https://didcomm.org/empty/empty"}, ("type", "/type")),
    "no body": ({"body": ...}, ("body", "/body")),
    "a body that is a list": ({"body": []}, ("body", "/body")),
    "another media type": ({"typ": "application/json"}, ("media_type", "/typ")),
    "from nobody": ({"from": None}, ("did", "/from")),
    "from a key": ({"from": "did:example:a#key"}, ("did", "/from")),
    "from an address": ({"from": "https://example.com"}, ("did", "/from")),
    "to a text": ({"to": "did:example:a"}, ("member", "/to")),
    "to a number": ({"to": [1]}, ("did", "/to/0")),
    "to a key": ({"to": ["did:example:a", "did:example:b#k"]}, ("did", "/to/1")),
    "to too many": ({"to": ["did:example:a"] * (MAX_TO + 1)}, ("too_many", "/to")),
    "a thread that is null": ({"thid": None}, ("id", "/thid")),
    "a parent that is an object": ({"pthid": {}}, ("id", "/pthid")),
    "a time with a fraction": ({"created_time": 1.5}, ("time", "/created_time")),
    "a time before 1970": ({"created_time": -1}, ("time", "/created_time")),
    "a time that is true": ({"expires_time": True}, ("time", "/expires_time")),
    "a time in words": ({"expires_time": "2026-03-01T12:00:00Z"}, ("time", "/expires_time")),
    "acknowledging too much": ({"ack": ["1"] * (MAX_ACKS + 1)}, ("too_many", "/ack")),
    "acknowledging numbers": ({"ack": [1]}, ("id", "/ack")),
    "acknowledging nothing": ({"ack": [""]}, ("id", "/ack")),
    "acknowledging by a flag": ({"ack": True}, ("member", "/ack")),
    "a prior identifier that is an object": ({"from_prior": {}}, ("member", "/from_prior")),
    "a prior identifier that is long": ({"from_prior": "a" * (MAX_FROM_PRIOR_CHARS + 1)}, ("member", "/from_prior")),
    "attachments that are an object": ({"attachments": {}}, ("attachment", "/attachments")),
}


@pytest.mark.parametrize("name", NONE)
def test_what_is_no_message(name):
    changes, expected = NONE[name]
    assert refusal(**changes) == expected


@pytest.mark.threat(67)
def test_a_message_has_a_size():
    filler = "a" * (MAX_MESSAGE_BYTES - len(orjson.dumps(LEAST | {"a": ""})))
    assert parse_message(orjson.dumps(LEAST | {"a": filler})).id == "1"
    with pytest.raises(MessageError) as caught:
        parse_message(orjson.dumps(LEAST | {"a": filler + "a"}))
    assert caught.value.code == "didcomm.message.document"


def test_bytes_are_read_strictly():
    for data in (b"[]", b"{", b'{"id":"1","id":"2"}', b'{"a":' + b"[" * 40 + b"]" * 40 + b"}"):
        with pytest.raises(MessageError) as caught:
            parse_message(data)
        assert caught.value.code == "didcomm.message.document"


TYPES = {
    OFFER: ("https://didcomm.org/", "issue-credential", 3, 0, "offer-credential"),
    "https://example.com/protocols?which=lets_do_lunch/1.0/proposal": (
        "https://example.com/protocols?which=", "lets_do_lunch", 1, 0, "proposal"),
    "did:example:1234567890;spec/lets_do_lunch/1.10/ping": (
        "did:example:1234567890;spec/", "lets_do_lunch", 1, 10, "ping"),
    "https://didcomm.org/message-pickup/4.0.2/status": ("https://didcomm.org/", "message-pickup", 4, 0, "status"),
}  # fmt: skip


@pytest.mark.parametrize("text", TYPES)
def test_types_are_taken_apart(text):
    found = parse_message_type(text)
    assert (found.documents, found.protocol, found.major, found.minor, found.name) == TYPES[text]
    assert str(found) == text.replace(".2/", "/")


@pytest.mark.parametrize(
    "text",
    ["", "empty", "https://didcomm.org/empty/1.0", "https://didcomm.org/empty/1/empty", "/1.0/x", "a/b/01.0/x",
     "https://didcomm.org/empty/1.0/", "https://didcomm.org/empty/1.0/e mpty", "https://didcomm.org/_/1.0/empty",
     "https://didcomm.org/empty/123456.0/empty", "ż://didcomm.org/empty/1.0/empty", "a" * MAX_TYPE_CHARS + "/b/1.0/c"],
)  # fmt: skip
def test_what_is_no_type(text):
    with pytest.raises(MessageError) as caught:
        parse_message_type(text)
    assert caught.value.code == "didcomm.message.type"


def test_versions_go_together_by_their_major_number():
    of = parse_message_type
    offer = of(OFFER)
    newer = of("https://didcomm.org/Issue_Credential/3.2/offer.credential")
    assert offer.is_a(newer)
    assert offer.is_of(of("https://didcomm.org/issue-credential/3.1/request-credential"))
    assert not offer.is_a(of("https://didcomm.org/issue-credential/3.1/request-credential"))
    assert not offer.is_of(of("https://didcomm.org/issue-credential/2.0/offer-credential"))
    assert not offer.is_of(of("https://example.com/issue-credential/3.0/offer-credential"))
    assert newer.common(offer).minor == 0
    assert offer.common(newer) == offer


CONTENT = b"Dyplom"
DIGEST = b"\x12\x20" + sha256(CONTENT).digest()
DIGEST_512 = b"\x13\x40" + sha512(CONTENT).digest()


def attached(**data):
    (attachment,) = read_attachments([{"data": data}])
    return attachment


@pytest.mark.parametrize("content", [b"", b"\0\xff", CONTENT])
def test_bytes_are_attached(content):
    (attachment,) = read_attachments([attach_bytes(content, id="a", filename="dyplom.pdf")])
    assert (attachment.content(), attachment.filename, attachment.is_inline) == (content, "dyplom.pdf", True)
    with pytest.raises(AttachmentError):
        attachment.json()


@pytest.mark.parametrize("text", ["WW91ciBob3Zlcg==", "WW91ciBob3Zlcg", "_-8", "/+8="])
def test_both_alphabets_are_read(text):
    assert attached(base64=text).content() in {b"Your hover", b"\xff\xef"}


@pytest.mark.parametrize("text", ["a", "WW91ciBob3Zlch", "?", "ę"])
def test_what_is_not_base64_has_no_content(text):
    with pytest.raises(AttachmentError) as caught:
        attached(base64=text).content()
    assert caught.value.path == "/attachments/0/data/base64"


@pytest.mark.parametrize("hash_", [encode_base58btc(DIGEST), to_base58(DIGEST), DIGEST.hex(), to_base58(DIGEST_512),
                                   encode_base58btc(DIGEST_512), DIGEST_512.hex()])  # fmt: skip
def test_what_lies_elsewhere_has_a_hash(hash_):
    attachment = attached(links=["https://example.com/a"], hash=hash_)
    assert attachment.links == ("https://example.com/a",)
    assert not attachment.is_inline
    attachment.check(CONTENT)
    with pytest.raises(AttachmentError) as caught:
        attachment.check(CONTENT + b" ")
    assert caught.value.code == "didcomm.attachment.hash"
    with pytest.raises(AttachmentError):
        attachment.content()


def test_a_hash_binds_what_is_contained_too():
    assert attached(base64=to_base64url(CONTENT), hash=to_base58(DIGEST)).content() == CONTENT
    with pytest.raises(AttachmentError):
        attached(base64="AAAA", hash=to_base58(DIGEST)).content()
    with pytest.raises(AttachmentError):
        attached(base64="AAAA").check(CONTENT)


BAD = {
    "no data": {},
    "data is a list": {"data": []},
    "nothing": {"data": {}},
    "twice": {"data": {"json": 1, "base64": "AA"}},
    "base64 is a number": {"data": {"base64": 1}},
    "links without a hash": {"data": {"links": ["https://example.com"]}},
    "links to nothing": {"data": {"links": [], "hash": to_base58(DIGEST)}},
    "an empty link": {"data": {"links": [""], "hash": to_base58(DIGEST)}},
    "a link is a number": {"data": {"links": [1], "hash": to_base58(DIGEST)}},
    "links are a text": {"data": {"links": "https://example.com", "hash": to_base58(DIGEST)}},
    "many links": {"data": {"links": ["https://example.com"] * (MAX_LINKS + 1), "hash": to_base58(DIGEST)}},
    "a hash by MD5": {"data": {"links": ["https://example.com"], "hash": to_base58(b"\xd5\x01" + bytes(16))}},
    "a hash of another length": {"data": {"links": ["https://example.com"], "hash": to_base58(DIGEST[:-1])}},
    "a hash that is none": {"data": {"json": 1, "hash": "0OIl"}},
    "a hash that is a number": {"data": {"json": 1, "hash": 1}},
    "a signature that is a number": {"data": {"json": 1, "jws": 1}},
    "an id with a slash": {"id": "a/b", "data": {"json": 1}},
    "an id that is a number": {"id": 1, "data": {"json": 1}},
    "a description that is a number": {"description": 1, "data": {"json": 1}},
    "a long description": {"description": "a" * 4097, "data": {"json": 1}},
    "a size in words": {"byte_count": "1 kB", "data": {"json": 1}},
    "a negative size": {"byte_count": -1, "data": {"json": 1}},
    "a time that is true": {"lastmod_time": True, "data": {"json": 1}},
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_attachment(name):
    with pytest.raises(MessageError) as caught:
        read_attachments([attach_json(1), BAD[name]])
    assert caught.value.code == "didcomm.message.attachment"
    assert caught.value.path.startswith(pointer("attachments", 1))


def test_an_attachment_is_an_object():
    with pytest.raises(MessageError):
        read_attachments(["x"])


@pytest.mark.threat(67)
def test_attachments_are_few_and_told_apart():
    assert len(read_attachments([attach_json(1)] * MAX_ATTACHMENTS)) == MAX_ATTACHMENTS
    for listed in ([attach_json(1)] * (MAX_ATTACHMENTS + 1), [attach_json(1, id="a"), attach_json(2, id="a")]):
        with pytest.raises(MessageError):
            read_attachments(listed)


SIGNER = Party("did:example:signer")


def detached(content, kid, *, payload=None, protected=None):
    header = to_base64url(orjson.dumps({"alg": "EdDSA", **(protected or {})}))
    signature = SIGNER.secrets.signer(kid).sign(f"{header}.{to_base64url(content)}".encode())
    jws = {"protected": header, "signature": to_base64url(signature), "header": {"kid": kid}}
    return jws | ({"payload": payload} if payload else {})


def signers(jws, content=CONTENT):
    return attachment_signers(
        attached(base64=to_base64url(content), jws=jws), content, documents=documents_of(SIGNER), at=AT
    )


def test_attachments_are_signed_apart_from_their_message():
    kid = f"{SIGNER.did}#sign-Ed25519"
    jws = detached(CONTENT, kid)
    assert signers(jws) == (kid,)
    assert signers({"signatures": [jws, jws]}) == (kid, kid)
    assert attachment_signers(attached(json=1), b"1", documents=documents_of(), at=AT) == ()
    compact = detached(CONTENT, kid, protected={"kid": kid})
    assert signers(f"{compact['protected']}..{compact['signature']}") == (kid,)


@pytest.mark.threat(24)
def test_signatures_over_attachments_that_do_not_hold():
    kid = f"{SIGNER.did}#sign-Ed25519"
    jws = detached(CONTENT, kid)
    for altered, content in (
        (jws, b"Another"),
        (detached(CONTENT, kid, payload=to_base64url(CONTENT)), CONTENT),
        (jws | {"signature": to_base64url(bytes(64))}, CONTENT),
        (jws | {"header": {}}, CONTENT),
        ({}, CONTENT),
        ("..", CONTENT),
        ({"signatures": [jws, jws | {"signature": "AAAA"}]}, CONTENT),
        ({"signatures": [jws] * 9}, CONTENT),
    ):
        with pytest.raises(AttachmentError) as caught:
            signers(altered, content)
        assert caught.value.code == "didcomm.attachment.signature"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


HEADERS = [*LEAST, "from", "to", "thid", "please_ack", "ack", "attachments", "typ", "x"]


@given(st.dictionaries(st.sampled_from(HEADERS), JSON))
def test_whatever_comes_is_a_message_or_is_refused(document):
    try:
        message = read_message(LEAST | document)
    except MessageError as error:
        assert error.code.startswith("didcomm.message.")  # noqa: PT017 -- either is an answer
    else:
        assert orjson.loads(write_message(message)) == LEAST | document
