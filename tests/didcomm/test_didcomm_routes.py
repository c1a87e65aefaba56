"""Ways: what a document says of them, and a message that is passed on along one."""

import json

import pytest
from didcomm_support import AT, PROPOSAL, Party, documents_of

from did_methods.multikey import KeyType
from node.didcomm.attachment import attach_bytes, attach_json
from node.didcomm.errors import PackError, RouteError, UnresolvedError
from node.didcomm.forward import FORWARD, MAX_PAYLOADS, read_forward, wrap
from node.didcomm.message import compose
from node.didcomm.pack import pack
from node.didcomm.service import MAX_ENDPOINTS, MAX_ROUTING_KEYS, endpoints, routes
from node.didcomm.unpack import unpack
from node.didcomm.wrapping import Wrapping

URI = "https://example.com/didcomm"
X = (KeyType.X25519,)


def served(endpoint, did="did:example:b", **beside):
    service = {"id": "#didcomm", "type": "DIDCommMessaging", "serviceEndpoint": endpoint, **beside}
    return Party(did, types=X, service=[service])


FORMS = {
    "an object": {"uri": URI, "accept": ["didcomm/v2"], "routingKeys": ["did:example:m#k"]},
    "a list": [{"uri": URI, "accept": ["didcomm/v2"], "routingKeys": ["did:example:m#k"]}],
}


@pytest.mark.parametrize("form", FORMS)
def test_endpoints_are_objects_or_lists_of_them(form):
    (endpoint,) = endpoints(served(FORMS[form]).document)
    assert (endpoint.uri, endpoint.accept, endpoint.routing_keys) == (URI, ("didcomm/v2",), ("did:example:m#k",))
    assert endpoint.service_id == "#didcomm"
    assert endpoint.takes_v2


def test_older_services_have_it_beside_their_address():
    (endpoint,) = endpoints(served(URI, accept=["didcomm/v2"], routingKeys=["did:example:m#k"]).document)
    assert (endpoint.uri, endpoint.routing_keys, endpoint.takes_v2) == (URI, ("did:example:m#k",), True)


def test_other_services_are_passed_over_and_the_order_kept():
    party = Party(
        "did:example:b",
        service=[
            {"id": "#1", "type": "LinkedDomains", "serviceEndpoint": 1},
            {
                "id": "#2",
                "type": ["DIDCommMessaging", "Other"],
                "serviceEndpoint": [{"uri": URI}, {"uri": "wss://b.example"}],
            },
            "not a service",
            {"id": "#3", "type": "DIDCommMessaging", "serviceEndpoint": "https://c.example"},
        ],
    )
    assert [each.uri for each in endpoints(party.document)] == [URI, "wss://b.example", "https://c.example"]


@pytest.mark.parametrize(
    ("accept", "takes"),
    [
        ([], True),
        (["didcomm/v2"], True),
        (["didcomm/aip2;env=rfc587", "didcomm/v2;x=y"], True),
        (["didcomm/aip1"], False),
        (["didcomm/v20"], False),
    ],
)
def test_what_an_endpoint_takes(accept, takes):
    party = served({"uri": URI, "accept": accept})
    (endpoint,) = endpoints(party.document)
    assert endpoint.takes_v2 is takes
    if takes:
        assert routes(party.document, documents_of())[0].uri == URI
    else:
        with pytest.raises(RouteError):
            routes(party.document, documents_of())


BAD = {
    "no address": {"uri": ""},
    "an address that is none": {"uri": "example"},
    "an address with a line end": {"uri": "https://example.com/\n"},
    "an address with letters of elsewhere": {"uri": "https://exämple.com"},
    "a long address": {"uri": "https://" + "a" * 5000},
    "a number": 1,
    "nothing": None,
    "a list with a number": [{"uri": URI}, 1],
    "accepting a text": {"uri": URI, "accept": "didcomm/v2"},
    "accepting numbers": {"uri": URI, "accept": [2]},
    "keys that are a text": {"uri": URI, "routingKeys": "did:example:m#k"},
    "a key that is no DID URL": {"uri": URI, "routingKeys": ["key"]},
    "a key with a path": {"uri": URI, "routingKeys": ["did:example:m/path#k"]},
    "too many keys": {"uri": URI, "routingKeys": ["did:example:m#k"] * (MAX_ROUTING_KEYS + 1)},
    "too many endpoints": [{"uri": URI}] * (MAX_ENDPOINTS + 1),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_endpoint(name):
    with pytest.raises(RouteError) as caught:
        endpoints(served(BAD[name]).document)
    assert caught.value.remedy


def test_services_are_a_list():
    party = Party("did:example:b")
    party.source["service"] = {}
    with pytest.raises(RouteError):
        endpoints(party.document)


def test_a_mediator_stands_for_its_endpoints():
    mediator = served(
        [{"uri": URI, "routingKeys": ["did:example:front#k"]}, {"uri": "did:example:m2"}], "did:example:m"
    )
    party = served({"uri": mediator.did, "routingKeys": ["did:example:home#k"]})
    (route,) = routes(party.document, documents_of(mediator))
    assert route.uri == URI
    assert route.routing_keys == ("did:example:front#k", mediator.did, "did:example:home#k")


def test_no_way_is_without_end():
    loop = served({"uri": "did:example:b"})
    with pytest.raises(RouteError):
        routes(loop.document, documents_of(loop))
    with pytest.raises(UnresolvedError) as caught:
        routes(served({"uri": "did:example:gone"}).document, documents_of())
    assert caught.value.did == "did:example:gone"
    with pytest.raises(RouteError):
        routes(served({"uri": "did:"}).document, documents_of())
    with pytest.raises(RouteError):
        routes(Party("did:example:b").document, documents_of())


A, B = Party("did:example:a", types=X), Party("did:example:b", types=X)
HOPS = [Party(f"did:example:m{number}", types=X) for number in range(3)]
DOCUMENTS = documents_of(A, B, *HOPS)


def inner():
    message = compose(PROPOSAL, {}, sender=A.did, to=[B.did])
    return pack(message, to=[B.did], sender=A.did, secrets=A.secrets, documents=DOCUMENTS, at=AT).data


def opened(data, party):
    return unpack(data, secrets=party.secrets, documents=DOCUMENTS, at=AT)


@pytest.mark.parametrize("number", [0, 1, 3])
@pytest.mark.parametrize("by_key", [True, False])
def test_a_message_is_passed_on_hop_by_hop(number, by_key):
    hops = HOPS[:number]
    keys = [f"{hop.did}#agree-X25519" if by_key else hop.did for hop in hops]
    data = inner()
    travelling = wrap(data, next_hop=B.did, routing_keys=keys, documents=DOCUMENTS, at=AT, expires_time=1772370000)
    for hop, following in zip(hops, [*keys, B.did][1:], strict=True):
        unpacked = opened(travelling, hop)
        assert (unpacked.wrapping, unpacked.message.type) == (Wrapping.ANONCRYPT, FORWARD)
        assert [str(each) for each in unpacked.message.to] == [hop.did]
        forward = read_forward(unpacked.message)
        assert (forward.next, forward.expires_time) == (following, 1772370000)
        (travelling,) = forward.payloads
    assert json.loads(travelling) == json.loads(data)
    assert opened(travelling, B).sender == A.did


def test_payloads_may_be_in_base64_and_several():
    data = inner()
    message = compose(FORWARD, {"next": B.did}, attachments=[attach_bytes(data), attach_json(json.loads(data))])
    first, second = read_forward(message).payloads
    assert first == data
    assert json.loads(second) == json.loads(data)


@pytest.mark.threat(67)
def test_a_way_has_an_end():
    with pytest.raises(RouteError) as caught:
        wrap(inner(), next_hop=B.did, routing_keys=["did:example:m0"] * 9, documents=DOCUMENTS, at=AT)
    assert caught.value.code == "didcomm.route.routing_key"


def test_what_is_wrapped_is_encrypted_and_for_keys_that_are_there():
    plain = json.dumps(compose(PROPOSAL, {}).document).encode()
    with pytest.raises(RouteError):
        wrap(plain, next_hop=B.did, routing_keys=["did:example:m0"], documents=DOCUMENTS, at=AT)
    with pytest.raises(PackError):
        wrap(inner(), next_hop=B.did, routing_keys=["did:example:m0#gone"], documents=DOCUMENTS, at=AT)
    with pytest.raises(UnresolvedError):
        wrap(inner(), next_hop=B.did, routing_keys=["did:example:gone"], documents=DOCUMENTS, at=AT)


ENVELOPE = {"protected": "", "recipients": [], "iv": "", "ciphertext": "", "tag": ""}
NO_FORWARD = {
    "another message": (PROPOSAL, {"next": B.did}, [attach_json(ENVELOPE)]),
    "an older version": ("https://didcomm.org/routing/1.0/forward", {"next": B.did}, [attach_json(ENVELOPE)]),
    "no next": (FORWARD, {}, [attach_json(ENVELOPE)]),
    "next is a number": (FORWARD, {"next": 1}, [attach_json(ENVELOPE)]),
    "next is an address": (FORWARD, {"next": "https://example.com"}, [attach_json(ENVELOPE)]),
    "next has a path": (FORWARD, {"next": f"{B.did}/path"}, [attach_json(ENVELOPE)]),
    "nothing to pass on": (FORWARD, {"next": B.did}, []),
    "too much to pass on": (FORWARD, {"next": B.did}, [attach_json(ENVELOPE)] * (MAX_PAYLOADS + 1)),
    "something readable": (FORWARD, {"next": B.did}, [attach_json({"id": "1"})]),
    "something that is no JSON": (FORWARD, {"next": B.did}, [attach_bytes(b"x")]),
    "something elsewhere": (
        FORWARD,
        {"next": B.did},
        [{"data": {"links": [URI], "hash": "QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N"}}],
    ),
    "a broken content": (FORWARD, {"next": B.did}, [{"data": {"base64": "?"}}]),
}


@pytest.mark.parametrize("name", NO_FORWARD)
def test_what_is_not_passed_on(name):
    type_, body, attachments = NO_FORWARD[name]
    with pytest.raises(RouteError) as caught:
        read_forward(compose(type_, body, attachments=attachments))
    assert caught.value.code == "didcomm.route.forward"


def test_a_newer_minor_version_is_read():
    message = compose("https://didcomm.org/routing/2.3/forward", {"next": B.did}, attachments=[attach_json(ENVELOPE)])
    assert read_forward(message).next == B.did
