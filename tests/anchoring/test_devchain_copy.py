"""A copy of an embedded chain, made while it is in use, is that chain."""

import asyncio

import pytest

from anchoring.devchain.opening import FILE, opened
from anchoring.errors import EmbeddedChainError


@pytest.mark.threat(100)
def test_a_copy_goes_on_as_the_same_chain(tmp_path):
    other = tmp_path / "other"
    other.mkdir()

    async def copied():
        async with opened(tmp_path / "one", at_once=False) as chain:
            await chain.fund(bytes([7]) * 20, 5)
            number = await chain.mine()
            last, place = await chain.final_block(), chain.chain
            await chain.copy(other / FILE)
            await chain.mine()
        async with opened(other, at_once=False) as copy:
            assert copy.chain == place
            assert await copy.final_block() == last
            assert await copy.mine() == number + 1

    asyncio.run(copied())
    assert (other / FILE).stat().st_mode & 0o077 == 0


def test_a_copy_overwrites_nothing(tmp_path):
    (tmp_path / "there").write_bytes(b"mine")

    async def copied():
        async with opened(tmp_path / "one", at_once=False) as chain:
            with pytest.raises(EmbeddedChainError, match="no copy"):
                await chain.copy(tmp_path / "there")

    asyncio.run(copied())
    assert (tmp_path / "there").read_bytes() == b"mine"
