"""What is offered and how it is raised: by the rule of the strictest client, as the tests' chain is more lenient."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anchoring.transactions.fees import GWEI, FeeCaps, Fees, offered, raised

WEI = st.integers(0, 10**15)
NO_CAP = FeeCaps(10**40, 10**40)


@pytest.mark.threat(93)
@given(st.integers(0, 10**15), st.integers(0, 10**15), WEI, WEI)
def test_both_fees_rise_by_an_eighth_at_least(maximum, priority, base_fee, suggested):
    before = Fees(maximum, priority)
    after = raised(before, base_fee, suggested, NO_CAP)
    for old, new in ((before.maximum, after.maximum), (before.priority, after.priority)):
        assert new * 8 >= old * 9
        assert new > old
    assert after.maximum >= after.priority


@pytest.mark.threat(93)
def test_a_raise_follows_a_base_fee_that_has_jumped():
    assert raised(Fees(3 * GWEI, GWEI), 40 * GWEI, GWEI, FeeCaps()) == Fees(81_125_000_000, 1_125_000_000)
    assert raised(Fees(8, 8), 0, 0, FeeCaps()) == Fees(9, 9)
    assert raised(Fees(1, 1), 0, 0, FeeCaps()) == Fees(2, 2)
    assert raised(Fees(16, 16), 0, 0, FeeCaps()) == Fees(18, 18)


@pytest.mark.threat(93)
@given(st.builds(Fees, WEI, WEI), WEI, WEI, st.builds(FeeCaps, st.integers(1, 10**15), st.integers(1, 10**15)))
def test_no_cap_is_ever_exceeded(before, base_fee, suggested, caps):
    most, most_priority = caps.maximum, caps.priority
    for fees in (offered(base_fee, suggested, caps), raised(before, base_fee, suggested, caps)):
        assert fees is None or (fees.maximum <= most and fees.priority <= most_priority)
        assert fees is None or 0 < fees.priority <= fees.maximum


@pytest.mark.threat(93)
def test_an_offer_lasts_while_the_base_fee_doubles_or_is_not_made():
    assert offered(10, 3, FeeCaps()) == Fees(23, 3)
    assert offered(300 * GWEI, GWEI, FeeCaps()) == Fees(500 * GWEI, GWEI)
    assert offered(499 * GWEI, GWEI, FeeCaps()) == Fees(500 * GWEI, GWEI)
    assert offered(499 * GWEI + 1, GWEI, FeeCaps()) is None
    assert offered(0, 0, FeeCaps()) == Fees(1, 1)
    assert offered(1, 10**30, FeeCaps()).priority == 100 * GWEI


@pytest.mark.threat(93)
def test_a_raise_beyond_a_cap_is_none_and_not_a_smaller_one():
    assert raised(Fees(450 * GWEI, GWEI), 0, GWEI, FeeCaps()) is None
    assert raised(Fees(10 * GWEI, 95 * GWEI), 0, GWEI, FeeCaps()) is None
    assert raised(Fees(10 * GWEI, GWEI), 499 * GWEI, GWEI, FeeCaps()) is None, "it would not be mined anyway"
    assert raised(Fees(440 * GWEI, GWEI), 0, GWEI, FeeCaps()).maximum == 495 * GWEI
