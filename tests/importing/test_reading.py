"""A file of records, whatever is in it."""

import hashlib
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.importing.reading import KEPT_BYTES, Measured, csv_records, lines, opens_a_quote


def read(content: bytes) -> list[tuple[int, bytes]]:
    return [(record.line, record.raw) for record in csv_records(io.BytesIO(content))]


def test_lines_have_numbers_and_either_line_end():
    assert read(b"a\r\nb\n\nc") == [(1, b"a"), (2, b"b"), (3, b""), (4, b"c")]


def test_the_last_line_knows_that_it_has_no_end():
    assert [record.end for record in lines(io.BytesIO(b"a\r\nb\nc"))] == [b"\r\n", b"\n", b""]


def test_a_quoted_field_may_go_over_lines():
    assert read(b'a,"b\r\nc",d\ne\n') == [(1, b'a,"b\r\nc",d'), (3, b"e")]


def test_a_quote_that_never_closes_swallows_nothing():
    rows = [b"%d,x" % number for number in range(30)]
    content = b"\n".join([b'a,"b', *rows]) + b"\n"
    assert read(content) == [(1, b'a,"b'), *[(number, row) for number, row in enumerate(rows, start=2)]]


def test_a_quote_that_never_closes_at_the_end_swallows_nothing():
    assert read(b'a,"b\nc\nd') == [(1, b'a,"b'), (2, b"c"), (3, b"d")]


def test_lines_are_not_joined_beyond_what_is_kept_of_a_record():
    content = b'a,"b\n' + b"x" * 60_000 + b"\n" + b"y" * 60_000 + b'"\n'
    assert [line for line, _ in read(content)] == [1, 2, 3]


def test_looking_for_the_other_quote_holds_only_a_few_lines():
    stream = io.BytesIO(b'a,"b\n' + b"c\n" * 1000)
    next(csv_records(stream))
    assert stream.tell() < 50


@pytest.mark.parametrize(
    ("raw", "opens"),
    [(b'a,"b', True), (b'a,"b"', False), (b'a,"b""', True), (b'a,b"c', False), (b'"a""b",c', False), (b'"a","', True)],
)
def test_only_a_quote_at_the_start_of_a_field_opens_one(raw, opens):
    assert opens_a_quote(raw) is opens


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n"])
@pytest.mark.parametrize("extra", [0, 1, 2, KEPT_BYTES, 3 * KEPT_BYTES + 7])
def test_a_huge_line_is_measured_and_only_its_beginning_is_kept(end, extra):
    huge = b"x" * (KEPT_BYTES + extra)
    first, *rest = csv_records(io.BytesIO(huge + end + b"next"[: 4 * bool(end)]))
    assert (first.size, first.raw) == (len(huge), huge[:KEPT_BYTES])
    assert first.whole or first.sha256 == hashlib.sha256(huge).hexdigest()
    assert [record.raw for record in rest] == ([b"next"] if end else [])


def test_a_line_end_cut_by_the_limit_still_ends_the_line():
    content = b"x" * (KEPT_BYTES - 1) + b"\r\n" + b"y\n"
    assert [record.raw for record in lines(io.BytesIO(content))][-1] == b"y"


def test_a_log_that_grows_is_read_as_it_was():
    measured = Measured(io.BytesIO(b"a\nb\nc\n"), most=4)
    assert [record.raw for record in lines(measured)] == [b"a", b"b"]
    assert (measured.size, measured.sha256) == (4, hashlib.sha256(b"a\nb\n").hexdigest())


@given(st.lists(st.sampled_from([b'"', b",", b"\n", b"\r\n", b"a", b"\0", b"\xff"]), max_size=60).map(b"".join))
def test_every_byte_is_in_exactly_one_record(content):
    records = list(csv_records(io.BytesIO(content)))
    assert b"".join(record.raw + record.end for record in records) == content
    assert [record.line for record in records] == sorted({record.line for record in records})
