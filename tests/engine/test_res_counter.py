"""The counter's rules in words. What the kernel's own code did with 502 strings and 28 sequences is checked in tests/verify."""

from __future__ import annotations

import errno

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kmemlab.engine.errors import KernelError
from kmemlab.engine.res_counter import NO_LIMIT, U64, ResCounter, parse_decimal


def test_a_charge_that_fits_exactly_is_taken_and_one_byte_more_is_refused() -> None:
    counter = ResCounter()
    counter.limit = 256
    assert counter.charge(256)
    assert not counter.charge(1)
    assert (counter.usage, counter.failcnt) == (256, 1)


def test_a_new_counter_has_no_limit() -> None:
    assert ResCounter().limit == NO_LIMIT == 2**63 - 1


def test_a_limit_below_usage_lets_nothing_new_in_not_even_nothing() -> None:
    counter = ResCounter()
    counter.charge(100)
    counter.limit = 99
    assert not counter.charge(0)
    counter.uncharge(1)
    assert counter.charge(0)
    assert (counter.usage, counter.failcnt) == (99, 1)


def test_the_sum_is_64_bits_wide_and_wraps_as_it_did() -> None:
    counter = ResCounter()
    counter.charge(10)
    assert counter.charge(U64)
    assert counter.usage == 9


def test_giving_back_more_than_was_taken_leaves_zero_and_is_counted() -> None:
    counter = ResCounter()
    counter.charge(10)
    counter.uncharge(11)
    assert (counter.usage, counter.underflows, counter.failcnt) == (0, 1, 0)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("4096", 4096),
        ("0", 0),
        ("", 0),
        ("007", 7),
        (str(2**64), 0),
        (str(2**64 + 5), 5),
        ("99999999999999999999", 7766279631452241919),
        ("12\x00junk", 12),
    ],
)
def test_digits_are_a_number_of_64_bits(text: str, value: int) -> None:
    assert parse_decimal(text) == value


@pytest.mark.parametrize("text", ["1x", " 12", "12 ", "-1", "+1", "1M", "0x10", "1.0", "1,000", "\u0661", "\u00b2"])
def test_anything_but_digits_is_refused(text: str) -> None:
    with pytest.raises(KernelError, match="Only decimal digits") as refusal:
        parse_decimal(text)
    assert refusal.value.errno == errno.EINVAL


@pytest.mark.parametrize("text", ["4096\n", "\n"])
def test_the_newline_of_a_plain_echo_is_refused_and_the_fix_is_named(text: str) -> None:
    with pytest.raises(KernelError, match="echo -n"):
        parse_decimal(text)


@given(st.integers(0, 2**200))
def test_every_decimal_number_is_read_modulo_two_to_the_64(value: int) -> None:
    assert parse_decimal(str(value)) == value % 2**64


@given(st.integers(0, 5000), st.lists(st.integers(-1000, 1000)))
def test_usage_never_passes_the_limit_and_failcnt_counts_refusals(limit: int, steps: list[int]) -> None:
    counter, usage, refused = ResCounter(), 0, 0
    counter.limit = limit
    for step in steps:
        if step < 0:
            counter.uncharge(min(-step, usage))
            usage -= min(-step, usage)
        elif usage + step <= limit:
            assert counter.charge(step)
            usage += step
        else:
            assert not counter.charge(step)
            refused += 1
        assert (counter.usage, counter.failcnt, counter.underflows) == (usage, refused, 0)
