"""What a DID URL stands for beyond its DID: members of the document, and addresses that its services give."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from did_methods.dereferencing import dereference, is_whole
from did_methods.did import parse_did_url
from did_methods.errors import AbsentPartError, DidMethodsError, InvalidDidUrlError
from did_methods.webvh_services import parallel_names

WEBVH = "did:webvh:QmdmPkUdYzbr9txmx8gM2rsHPgr5L6m3gHjJGAf4vUFoGE:good.example:dids"
WEB = "did:web:good.example"
LOCAL = WEBVH.replace("good.example", "localhost%3A8000")
KEY = {"id": "#key-1", "type": "Multikey"}
FILES = {"id": "#files", "type": "relativeRef", "serviceEndpoint": "https://cdn.example/base/"}
VP = {"id": "#whois", "type": "LinkedVerifiablePresentation", "serviceEndpoint": "https://cdn.example/who"}


def part(url, document=None, **options):
    return dereference(parse_did_url(url), document or {}, **options)


@pytest.mark.parametrize(
    ("url", "whole"),
    [
        (WEBVH, True),
        (f"{WEBVH}?versionNumber=1", True),
        (f"{WEBVH}?hl=x", True),
        (f"{WEBVH}#whois", False),
        (f"{WEBVH}/whois", False),
        (f"{WEBVH}?service=files", False),
        (f"{WEBVH}?relativeRef=/a", False),
    ],
)
def test_a_document_or_a_part(url, whole):
    assert is_whole(parse_did_url(url)) is whole


@pytest.mark.parametrize("name", ["#key-1", f"{WEBVH}#key-1"])
def test_a_fragment_is_a_member_of_the_document(name):
    key = KEY | {"id": name}
    assert part(f"{WEBVH}#key-1", {"verificationMethod": [key]}).content == key
    assert part(f"{WEBVH}#key-1", {"authentication": ["#other", key]}).content == key
    assert part(f"{WEBVH}#key-1", {"service": [key]}).to_json() == {
        "dereferencingMetadata": {},
        "content": key,
        "contentMetadata": {},
    }


def test_what_the_method_implies_is_there_unless_the_document_says_otherwise():
    assert part(f"{WEBVH}#whois").content["serviceEndpoint"] == "https://good.example/dids/whois.vp"
    assert part(f"{WEBVH}#files").content["type"] == "relativeRef"
    assert part(f"{WEBVH}#whois", {"service": [VP]}).content == VP
    for url in (f"{WEB}#whois", f"{WEBVH}#key-9"):
        with pytest.raises(AbsentPartError):
            part(url, {"service": [KEY], "verificationMethod": "x", "authentication": ["#key-9"]})


@pytest.mark.parametrize(
    ("url", "services", "address"),
    [
        (f"{WEBVH}/a/b.json", [], "https://good.example/dids/a/b.json"),
        (f"{WEBVH}/a/b.json", [FILES], "https://cdn.example/base/a/b.json"),
        (f"{WEBVH}?service=files&relativeRef=/a/b.json", [], "https://good.example/dids/a/b.json"),
        (f"{WEBVH}?service=files&relativeRef=a?b=c", [FILES], "https://cdn.example/base/a?b=c"),
        (f"{WEBVH}?relativeRef=/a&service=files&versionNumber=1", [], "https://good.example/dids/a"),
        (f"{WEBVH}/whois", [], "https://good.example/dids/whois.vp"),
        (f"{WEBVH}/whois", [VP], "https://cdn.example/who"),
        (f"{WEBVH}?service=whois", [VP], "https://cdn.example/who"),
        (f"{WEB}/whois", [VP], "https://cdn.example/who"),
        (f"{WEB}/a", [FILES], "https://cdn.example/base/a"),
        (f"{WEB}?service=whois", [VP], "https://cdn.example/who"),
    ],
)
def test_a_path_and_a_service_are_an_address(url, services, address):
    told = part(url, {"service": services})
    assert told.address == address
    assert told.to_json()["dereferencingMetadata"] == {"contentType": "text/uri-list"}


@pytest.mark.parametrize("path", ["/whois", "/a"])
def test_other_methods_have_no_place_for_files_unless_they_say_so(path):
    with pytest.raises(AbsentPartError):
        part(WEB + path)


@pytest.mark.parametrize(
    "url",
    [
        WEBVH,
        f"{WEBVH}/a#b",
        f"{WEBVH}#b?service=files",
        f"{WEBVH}?service=files#b",
        f"{WEBVH}/a?service=files",
        f"{WEBVH}?service=files&service=whois",
        f"{WEBVH}?service=files&relativeRef=/a&relativeRef=/b",
        f"{WEBVH}?relativeRef=/a",
        f"{WEBVH}?service=",
        f"{WEBVH}?service=files&relativeRef=",
        f"{WEBVH}?service=files&relativeRef=/../a",
        f"{WEBVH}?service=files&relativeRef=/%2E%2E/a",
        f"{WEBVH}?service=files&relativeRef=//evil.example/",
        f"{WEBVH}?service=files&relativeRef=https://evil.example/",
    ],
)
@pytest.mark.threat(21)
def test_what_asks_for_nothing_that_could_be_told(url):
    with pytest.raises(DidMethodsError) as caught:
        part(url, {"service": []})
    assert caught.value.code.startswith("did_url.") or "evil" in url


ELSEWHERE = ["http://cdn.example/", "ftp://x.example", "javascript:1", "https://a b", "https://\u0430.example", 5, None]


@pytest.mark.parametrize(
    "endpoint", [*ELSEWHERE, ["https://a.example"], {"uri": "https://a.example"}, "https://" + "a" * 2048]
)
def test_an_endpoint_that_cannot_be_asked(endpoint):
    for url in (f"{WEBVH}/a", f"{WEBVH}?service=files", f"{WEB}/a"):
        with pytest.raises(InvalidDidUrlError) as caught:
            part(url, {"service": [FILES | {"serviceEndpoint": endpoint}]})
        assert caught.value.code == "did_url.service"


@pytest.mark.threat(56)
def test_this_machine_is_asked_only_where_it_was_opened():
    assert part(f"{LOCAL}/whois", loopback=True).address == "http://localhost:8000/dids/whois.vp"
    with pytest.raises(DidMethodsError):
        part(f"{LOCAL}/whois")
    for endpoint in ("http://localhost:8000/", "http://localhost/x"):
        document = {"service": [FILES | {"serviceEndpoint": endpoint}]}
        assert part(f"{WEBVH}?service=files", document, loopback=True).address == endpoint
        with pytest.raises(InvalidDidUrlError):
            part(f"{WEBVH}?service=files", document)
    for endpoint in ("http://localhost.evil.example/", "http://localhost@evil.example/", "http://127.0.0.1/"):
        with pytest.raises(InvalidDidUrlError):
            part(f"{WEBVH}/a", {"service": [FILES | {"serviceEndpoint": endpoint}]}, loopback=True)


@given(st.text(max_size=40))
def test_a_relative_reference_never_leaves_the_endpoint(reference):
    from urllib.parse import quote  # noqa: PLC0415 - for this test alone

    try:
        address = part(f"{WEBVH}?service=files&relativeRef={quote(reference, safe='/?')}").address
    except DidMethodsError:
        return
    assert address.startswith("https://good.example/dids/")
    assert not {".", ".."} & set(address.partition("?")[0].split("/"))


def test_the_did_web_at_the_same_place_counts_where_the_document_names_it():
    did, same = parse_did_url(WEBVH).did, "did:web:good.example:dids"
    assert parallel_names(did, {"alsoKnownAs": ["did:web:evil.example", same]}) == (same,)
    for names in (["did:web:evil.example"], same, None):
        assert parallel_names(did, {"alsoKnownAs": names}) == ()
    assert parallel_names(parse_did_url(WEB).did, {"alsoKnownAs": [WEB]}) == ()
