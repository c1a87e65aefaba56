"""The names of records on chains, in a credential's evidence: strictly ours, or somebody else's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.credentials.errors import RecordNameError
from node.credentials.record_name import MAX_RECORDS, Promise, RecordName, named_records

CONTRACT, NAMESPACE = bytes(range(20)), bytes(range(32))
NAME = f"eip155:1:0x{CONTRACT.hex()}#0x{NAMESPACE.hex()}"


def _entries(*names):
    return [{"id": name, "type": ["Evidence"]} for name in names]


def test_a_name_and_its_entry():
    name = RecordName.parse(NAME)
    assert name == RecordName(1, CONTRACT, NAMESPACE)
    assert name.entry() == {"id": NAME, "type": ["Evidence"], "name": "Time record"}
    heads = RecordName.parse(f"{NAME}/heads")
    assert heads.promise is Promise.HEADS
    assert heads.record == name
    assert heads.entry() == {"id": f"{NAME}/heads", "type": ["Evidence"], "name": "Withdrawal record"}
    assert name.network == "eip155:1"


@given(st.integers(1, 2**64 - 1), st.binary(min_size=20, max_size=20), st.binary(min_size=32, max_size=32))
def test_every_name_reads_back(chain, contract, namespace):
    for promise in Promise:
        name = RecordName(chain, contract, namespace, promise)
        assert RecordName.parse(str(name)) == name


MALFORMED = [
    NAME[:-1],
    NAME + "0",
    NAME + "/head",
    NAME + "/heads/",
    NAME + "\n",
    NAME + " ",
    NAME.replace("0x00", "0X00"),
    NAME.replace(NAMESPACE.hex(), NAMESPACE.hex().upper()),
    NAME.replace(CONTRACT.hex() + "#", CONTRACT.hex().upper() + "#"),
    NAME.replace("eip155:1:", "eip155:01:"),
    NAME.replace("eip155:1:", "eip155:0:"),
    NAME.replace("eip155:1:", f"eip155:{2**64}:"),
    NAME.replace("eip155:1:", "eip155:\u0661:"),
    NAME.replace("eip155", "EIP155"),
    NAME.replace(CONTRACT.hex(), CONTRACT.hex()[2:]),
]


@pytest.mark.parametrize("text", [*MALFORMED, "", "eip155:1", NAME.partition("#")[0], "did:key:z6Mk"])
def test_what_names_no_record(text):
    with pytest.raises(RecordNameError) as caught:
        RecordName.parse(text)
    assert caught.value.code == "record.name"


@pytest.mark.parametrize("text", [text for text in MALFORMED if "#0x" in text])
def test_what_was_meant_to_name_one_is_told(text):
    found = named_records(_entries(text))
    assert found.malformed == (text,)
    assert found.names == ()


@pytest.mark.parametrize(
    "text",
    [
        "https://school.example/evidence/1",
        NAME.partition("#")[0],  # somebody's account
        NAME.replace("#0x", "#vm-"),
        f"see {NAME}",
        "eip155:",
        7,
        None,
    ],
)
def test_other_peoples_evidence_promises_nothing(text):
    assert not named_records(_entries(text))


def test_several():
    other = NAME.replace("eip155:1:", "eip155:100:")
    found = named_records([{}, *_entries(NAME, "https://school.example/1", f"{NAME}/heads", NAME, other, NAME[:-1])])
    assert [str(name) for name in found.names] == [NAME, f"{NAME}/heads", other]
    assert found.promising(Promise.ANCHOR) == (RecordName.parse(NAME), RecordName.parse(other))
    assert found.promising(Promise.HEADS) == (RecordName.parse(f"{NAME}/heads"),)
    assert found.malformed == (NAME[:-1],)


def test_a_hostile_list_is_read_so_far():
    names = [NAME.replace("eip155:1:", f"eip155:{number}:") for number in range(1, 1000)]
    assert len(named_records(_entries(*names)).names) == MAX_RECORDS
