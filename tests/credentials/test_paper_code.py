"""The text of a QR code on paper: what is written is read, and nothing else is."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.credentials.errors import PaperError
from node.credentials.paper_code import PaperCode, code_for, file_of, is_address, read_code, read_expected

DIGEST = sha256(b"{}\n").hexdigest()
# RFC 6920, section 8.1: "Hello World!" as an ni URI without an authority.
HELLO = "ni:///sha-256;f4OxZX_x_FO5LcGBSKHWXfwtSx-j1ncoSt3SABJtkGk"


def test_the_digest_is_that_of_the_file_as_it_is_written():
    assert file_of(b" \r\n{}\t\n\n") == b"{}\n"
    assert code_for(b"{}", None) == code_for(b"{}\n", None) == PaperCode(DIGEST)


def test_a_code_with_an_address_opens_on_a_phone():
    code = code_for(b"{}", "https://school.example/credentials/1?a=b")
    assert code.text == f"https://school.example/credentials/1?a=b#sha256={DIGEST}"
    assert read_code(code.text) == code


def test_a_code_without_one_is_a_standard_name_of_the_bytes():
    assert read_code(HELLO).digest == sha256(b"Hello World!").hexdigest()
    assert read_code(HELLO).text == HELLO


@pytest.mark.parametrize(
    "address",
    [
        "http://school.example/",
        "https://school.example/#part",
        "https://user@school.example/",
        "https://user:pass@school.example/",
        "https://SCHOOL.example/",
        "https://-x/",
        "https://",
        "https:///x",
        "https://szkoła.example/",
        "https://school.example/a b",
        "https://school.example/\n",
        "https://school.example:port/",
        "https://school.example\\@evil.example/",
        "javascript:alert(1)",
        "data:text/html,x",
        "",
        "https://school.example/" + "a" * 300,
    ],
)
def test_an_address_that_may_deceive_or_does_not_fit_is_refused(address):
    assert not is_address(address)
    with pytest.raises(PaperError) as caught:
        code_for(b"{}", address)
    assert (caught.value.code, bool(caught.value.remedy)) == ("paper.address", True)
    with pytest.raises(PaperError):
        read_code(f"{address}#sha256={DIGEST}")


@pytest.mark.parametrize(
    "text",
    [
        "",
        DIGEST,
        f"https://school.example/#sha256={DIGEST.upper()}",
        f"https://school.example/#sha256={DIGEST[:-1]}",
        f"https://school.example/#sha256={DIGEST}0",
        f"https://school.example/#sha256={DIGEST}\n",
        f"https://school.example/#x#sha256={DIGEST}",
        f"https://school.example/#sha1={DIGEST}",
        "https://school.example/",
        HELLO[:-1] + "l",  # the same bytes, spelt otherwise
        HELLO.replace("///", "//example.org/"),
        HELLO + "=",
        HELLO.replace("sha-256;", "sha-256-32;"),
        "WIFI:S:net;;",
        "x" * 4000,
    ],
)
def test_any_other_text_is_no_code_of_ours(text):
    with pytest.raises(PaperError) as caught:
        read_code(text)
    assert caught.value.code == "paper.code"
    assert len(str(caught.value)) < 200


@given(
    st.binary(min_size=32, max_size=32), st.sampled_from([None, "https://a.example/", "https://a.example:8443/?q=%41"])
)
def test_what_is_written_is_read(digest, address):
    code = PaperCode(digest.hex(), address)
    assert read_code(code.text) == code
    assert read_expected(f" {code.text}\n") == code


@given(st.text(max_size=120))
def test_a_text_is_read_only_as_what_it_would_be_written_as(text):
    try:
        code = read_code(text)
    except PaperError:
        return
    assert code.text == text


@pytest.mark.parametrize(
    "typed", [DIGEST, f"sha256:{DIGEST}", f"SHA256:{DIGEST.upper()}", f" {DIGEST[:8]} {DIGEST[8:]}\n"]
)
def test_people_may_type_the_digest_as_it_is_printed(typed):
    assert read_expected(typed) == PaperCode(DIGEST)
