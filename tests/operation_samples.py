"""Operations of every kind, drawn at random within what the contract has room for."""

from hypothesis import strategies as st

from anchoring.ledger import ENDLESS
from anchoring.operations import (
    Accept,
    Acceptance,
    Accredit,
    AnchorValue,
    CancelRecovery,
    CompleteRecovery,
    OpenNamespace,
    RequestRecovery,
    RotateAuthority,
    SetHead,
    WithdrawAccreditation,
)

HASHES = st.binary(min_size=32, max_size=32).filter(any)
ADDRESSES = st.binary(min_size=20, max_size=20).filter(any)
WORDS = st.binary(min_size=32, max_size=32)
SEQUENCES = st.integers(0, 2**32 - 1)
DEADLINES = st.integers(1, 2**64 - 1)
SIGNATURES = st.one_of(st.binary(min_size=65, max_size=65), st.binary(min_size=1, max_size=200))
ACCEPTANCES = st.builds(Acceptance, DEADLINES, SIGNATURES)
PERIODS = st.tuples(st.integers(0, ENDLESS), st.integers(0, ENDLESS)).map(sorted).filter(lambda pair: pair[0] < pair[1])
LINES = (HASHES, HASHES, HASHES, SEQUENCES)

FREE = st.one_of(
    st.builds(OpenNamespace, ADDRESSES, HASHES, WORDS),
    st.builds(CompleteRecovery, HASHES, st.integers(1, 2**16 - 1)),
)
SIGNED = st.one_of(
    st.builds(AnchorValue, HASHES, HASHES),
    st.builds(
        SetHead,
        HASHES,
        HASHES,
        HASHES,
        st.integers(1, 2**64 - 1),
        st.one_of(st.just(ENDLESS), st.integers(1, ENDLESS)),
        st.integers(0, 2**16 - 1),
    ),
    st.tuples(*LINES, PERIODS, HASHES).map(lambda drawn: Accredit(*drawn[:4], *drawn[4], drawn[5])),
    st.builds(WithdrawAccreditation, *LINES),
    st.builds(RotateAuthority, HASHES, st.integers(1, 2**32 - 1), ADDRESSES, ACCEPTANCES),
    st.builds(RequestRecovery, HASHES, st.integers(1, 2**48 - 1), ADDRESSES, HASHES, WORDS, ACCEPTANCES, ADDRESSES),
    st.builds(CancelRecovery, HASHES, st.integers(1, 2**48 - 1), WORDS, ADDRESSES, st.integers(0, 2**16 - 1)),
)
ACCEPTS = st.builds(Accept, HASHES, ADDRESSES)
