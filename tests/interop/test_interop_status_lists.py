"""Status lists in both directions: the peer reads the bits that glejt set, and glejt those that the peer set."""

import secrets

import pytest
from status_support import HOUR, copy_of, entry, pointing, status_list, told
from verification_support import AT, ISSUER, MALLORY

from node.status.bitstring import MIN_ENTRIES, Bitstring
from node.status.status_list import read_status_list
from node.verification.material import Origin

pytestmark = pytest.mark.peer

FAR = AT.replace(year=2126)
"""The peer judges by the clock of its machine."""
PLACES = sorted({0, 1, 7, 8, 9, 65_535, MIN_ENTRIES - 1} | {secrets.randbelow(MIN_ENTRIES) for _ in range(20)})


def _url():
    """An address of its own for each list: what the peer was handed, it keeps."""
    return f"https://school.example/status/{secrets.token_hex(4)}"


def _asked(peer, document, lists):
    peer.contexts({lists["id"]: lists})
    answer = peer.ask("status", document=document)
    assert answer["verified"], answer["errors"]
    return [each["status"] for each in answer["statuses"]]


@pytest.mark.threat(51)
@pytest.mark.parametrize("purpose", ["revocation", "suspension"])
def test_the_peer_reads_what_glejt_set(peer, purpose):
    url = _url()
    lists = status_list(PLACES, url=url, purpose=purpose, until=FAR)
    peer.contexts({url: lists})
    for place in PLACES:
        for index, is_set in ((place, True), (place ^ 2, place ^ 2 in PLACES)):
            document = pointing(entry(index, list_url=url, purpose=purpose))
            assert _asked(peer, document, lists) == [is_set]
            outcome = {True: "failed", False: "passed"}[is_set]
            assert told(document, copy_of(lists, url=url))[0] == outcome


@pytest.mark.threat(51)
def test_glejt_reads_what_the_peer_set(peer):
    url = _url()
    made = peer.ask("statusList", url=url, purpose="revocation", length=MIN_ENTRIES, set=PLACES)
    assert [index for index, _ in Bitstring(read_status_list(made).data).nonzero()] == PLACES
    lists = ISSUER.sign({**made, "issuer": ISSUER.did}, created=AT - HOUR)
    for place in PLACES:
        document = pointing(entry(place, list_url=url))
        assert told(document, copy_of(lists, Origin.FILE, url=url)) == ("failed", "status.revoked")
    good = pointing(entry(2, list_url=url))
    assert told(good, copy_of(lists, url=url))[0] == ("failed" if 2 in PLACES else "passed")


def test_a_list_of_the_peer_s_own_make_is_the_same_but_for_its_packing(peer):
    """Same bits from both; GZIP leaves the packing free."""
    made = peer.ask("statusList", url=_url(), purpose="revocation", length=MIN_ENTRIES, set=PLACES)
    assert read_status_list(made).data == read_status_list(status_list(PLACES)).data


@pytest.mark.threat(52)
def test_both_refuse_the_list_of_somebody_else(peer):
    url = _url()
    lists = status_list([7], issuer=MALLORY, url=url, until=FAR)
    document = pointing(entry(7, list_url=url))
    peer.contexts({url: lists})
    assert not peer.ask("status", document=document)["verified"]
    assert told(document, copy_of(lists, url=url)) == ("indeterminate", "status.list.issuer")
