import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ridelog.damage import DamageKind, Effect
from ridelog.errors import RidelogError
from ridelog.parsers.delimited import read_delimited


def read(text, separator=";", **options):
    data = text if isinstance(text, bytes) else text.encode()
    return read_delimited(data, separator=separator, **options)


def kinds(result):
    return [item.kind for item in result.damage]


def the(result, kind):
    (item,) = [item for item in result.damage if item.kind is kind]
    return item


def test_a_whole_file_is_read_without_damage():
    result = read("a;b\n1;2.5\n-3;4e2\n")
    assert result.frame.to_dict(as_series=False) == {"a": [1.0, -3.0], "b": [2.5, 400.0]}
    assert result.lines.tolist() == [2, 3]
    assert result.damage == ()


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize(("header", "end"), [("a;b;", ";"), ("a;b", ";"), ("a;b;", ""), ("a;b", "")])
@pytest.mark.parametrize("last", [True, False])
def test_separator_at_the_end_makes_no_column(newline, header, end, last):
    text = newline.join([header, f"1;2{end}", f"3;4{end}"]) + (newline if last else "")
    result = read(text)
    assert result.frame.to_dict(as_series=False) == {"a": [1.0, 3.0], "b": [2.0, 4.0]}
    assert result.lines.tolist() == [2, 3]
    assert result.damage == ()


@pytest.mark.parametrize("name", ["^$", "^($", "^a$"])
def test_a_caption_that_looks_like_a_pattern_is_a_name_like_any_other(name):
    result = read(f"a;{name}\n1;x\n2;y\n", text_columns={name})
    assert result.frame.get_column("a").to_list() == [1.0, 2.0]
    assert result.frame.to_series(1).str.to_uppercase().to_list() == ["X", "Y"]


def test_empty_cells_and_words_for_nothing_are_null():
    result = read("a;b;c\n1;;3\n;2;\nnan;inf;-inf\n1e999;NaN;4\n")
    assert result.frame.rows() == [(1, None, 3), (None, 2, None), (None, None, None), (None, None, 4)]
    assert result.damage == ()


def test_a_cut_last_row_with_zero_bytes():
    result = read(b"a;b;\n1;2;\n3;4;\n5;" + b"\0" * 512)
    assert result.frame.get_column("b").to_list() == [2, 4]
    assert the(result, DamageKind.TRUNCATED_TAIL).rows == (4,)
    assert the(result, DamageKind.TRUNCATED_TAIL).effect is Effect.LOST
    assert the(result, DamageKind.NUL_BYTES).count == 512


def test_a_value_cut_short_before_its_closing_separator_is_not_believed():
    result = read("a;b;\n1;2;\n3;4567;\n5;45")
    assert result.frame.height == 2
    assert kinds(result) == [DamageKind.TRUNCATED_TAIL]


def test_a_last_number_that_lost_decimals_is_not_believed():
    rows = "".join(f"{i}.0,44.{i % 10}\n" for i in range(20))
    for tail in ("20.0,4", "20.0,44", "20.0,44."):
        table = read_delimited(f"a,b\n{rows}{tail}".encode(), separator=",")
        assert len(table.lines) == 20
        assert table.damage[0].kind is DamageKind.TRUNCATED_TAIL
    for whole in ("20.0,44.1", "20.0,4\n", "20.0,"):
        assert len(read_delimited(f"a,b\n{rows}{whole}".encode(), separator=",").lines) == 21
    mixed = rows.replace("44.0", "44")
    assert len(read_delimited(f"a,b\n{mixed}20.0,4".encode(), separator=",").lines) == 21


def test_zero_bytes_in_the_middle_cost_only_the_broken_row():
    result = read(b"a;b;\n1;2;\n3;\0\0\0\0\0" + b"5;6;\n7;8;\n")
    assert result.frame.rows() == [(1, 2), (5, 6), (7, 8)]
    assert result.lines.tolist() == [2, 3, 4]
    assert the(result, DamageKind.BROKEN_ROW).rows == (3,)
    assert the(result, DamageKind.NUL_BYTES).count == 5


@pytest.mark.parametrize("broken", ["3", "3;4;5", "3;x", "x;y", "3;4;5;6", "3;4;9;", "\x01\x02", "3;4,5"])
def test_a_broken_row_in_the_middle_is_the_only_one_lost(broken):
    result = read(f"a;b;\n1;2;\n{broken}\n5;6;\n7.5;;\n")
    assert result.frame.rows() == [(1, 2), (5, 6), (7.5, None)]
    assert result.lines.tolist() == [2, 4, 5]
    damage = the(result, DamageKind.BROKEN_ROW)
    assert (damage.count, damage.rows, damage.effect) == (1, (3,), Effect.LOST)


def test_a_short_row_is_broken_though_its_cells_are_numbers():
    result = read("a,b,c\n1,2,3\n4,5\n6,7,\n", separator=",")
    assert result.frame.rows() == [(1, 2, 3), (6, 7, None)]
    assert the(result, DamageKind.BROKEN_ROW).rows == (3,)


def test_the_header_repeated_in_the_middle():
    result = read("a;b\n1;2\na;b\n3;4\n\ufeffa;b\n5;6\n")
    assert result.frame.get_column("a").to_list() == [1, 3, 5]
    assert (damage := the(result, DamageKind.REPEATED_HEADER)).rows == (3, 5)
    assert damage.effect is Effect.REPAIRED


def test_a_header_repeated_among_text_columns():
    result = read("a;b\nx;y\na;b\nz;\n", text_columns=("a", "b"))
    assert result.frame.rows() == [("x", "y"), ("a", "b"), ("z", None)] or DamageKind.REPEATED_HEADER in kinds(result)


def test_byte_order_mark():
    result = read(b"\xef\xbb\xbfa;b\n1;2\n")
    assert result.frame.columns == ["a", "b"]
    assert kinds(result) == [DamageKind.BYTE_ORDER_MARK]


def test_utf16():
    result = read("a;b\n1;2\n".encode("utf-16"))
    assert result.frame.rows() == [(1, 2)]


def test_blank_lines_are_counted_and_line_numbers_stay_true():
    result = read("a;b\n\n1;2\n\n;\n3;4\n\n\n")
    assert result.frame.rows() == [(1, 2), (3, 4)]
    assert result.lines.tolist() == [3, 6]
    assert the(result, DamageKind.EMPTY_ROW).rows == (2, 4, 5)


def test_without_a_header_line():
    result = read("1;2;\n3;4;\n", header=("a", "b"))
    assert result.frame.columns == ["a", "b"]
    assert result.lines.tolist() == [1, 2]


def test_lines_before_the_header():
    result = read("FW: 5.2\nHW: 60\na,b\n1,2\n", separator=",", skip_lines=2)
    assert result.frame.rows() == [(1, 2)]
    assert result.lines.tolist() == [4]


def test_text_columns_and_quotes():
    result = read('a,"b",c\n1,"x, y",2\n3,"he said ""no""",4\n5,,6\n', separator=",", text_columns=("b",))
    assert result.frame.rows() == [(1, "x, y", 2), (3, 'he said "no"', 4), (5, None, 6)]
    assert result.damage == ()


def test_quotes_that_only_come_late_in_numbers():
    rows = "".join(f"{index},{index}\n" for index in range(20_000))
    result = read(f'a,b\n{rows}"20000","20000"\n', separator=",")
    assert result.frame.height == 20_001
    assert result.damage == ()


def test_quotes_and_damage_together():
    result = read('a,b\n1,"x"\n"2","y, z"\n3\nq,"r"\n"4",\n5,"open\n', separator=",", text_columns=("b",))
    assert result.frame.rows()[:3] == [(1, "x"), (2, "y, z"), (4, None)]
    assert the(result, DamageKind.BROKEN_ROW).rows == (4, 5)


def test_spaces_and_null_words_are_not_damage():
    result = read("a;b\n1 ; 2 \nN/A;-\n 3; null\n")
    assert result.frame.rows() == [(1, 2), (None, None), (3, None)]
    assert result.damage == ()


def test_decimal_commas():
    result = read("a;b\n1,5;2\n3,25;4\n")
    assert result.frame.rows() == [(1.5, 2), (3.25, 4)]
    assert kinds(result) == [DamageKind.NOTE]


def test_bytes_that_are_no_text():
    result = read(b"a;b\n1;\xff\xfe\n2;ok\n", text_columns=("b",))
    assert result.frame.get_column("a").to_list() == [1, 2]
    assert DamageKind.ENCODING in kinds(result)


def test_other_encodings():
    assert read("a;状态\n1;充电\n".encode("gbk"), encoding="gbk", text_columns=("状态",)).frame.rows() == [(1, "充电")]


def test_names_that_occur_twice_or_are_missing():
    assert read("a;a;;b\n1;2;3;4\n").frame.columns == ["a", "a (2)", "column 3", "b"]


def test_control_characters_in_a_name_are_left_out():
    frame = read(b"a\0\x07;b\n1;2\n").frame
    assert frame.columns == ["a", "b"]
    assert frame.get_column("a").to_arrow().to_pylist() == [1]


def test_rows_wider_or_narrower_than_the_header():
    wider = read("a;b\n1;2;3\n4;5;6\n7;8;9\n")
    assert wider.frame.columns == ["a", "b", "column 3"]
    narrower = read("a;b;c\n1;2\n4;5\n7;8\n")
    assert narrower.frame.rows() == [(1, 2), (4, 5), (7, 8)]
    assert kinds(narrower) == [DamageKind.NOTE]


def test_header_alone_has_no_rows():
    for text in ("a;b", "a;b\n", "a;b;\r\n"):
        result = read(text)
        assert result.frame.shape == (0, 2)
        assert len(result.lines) == 0


@pytest.mark.parametrize("data", [b"", b"\0\0\0", b"\n\n", b"\xef\xbb\xbf"])
def test_no_header_is_a_parse_error(data):
    with pytest.raises(RidelogError):
        read(data)


def test_large_damaged_file_keeps_every_good_row():
    rows = [f"{index};{index / 8};" for index in range(20_000)]
    rows[777] = "777;"
    rows[15_000] = "oops"
    result = read("\n".join(["a;b;", *rows, "20000;1"]))
    assert result.frame.height == 19_998
    assert result.frame.get_column("b").to_list() == [
        index / 8 for index in range(20_000) if index not in (777, 15_000)
    ]
    assert the(result, DamageKind.BROKEN_ROW).rows == (779, 15_002)
    assert the(result, DamageKind.TRUNCATED_TAIL).rows == (20_002,)


numbers = st.one_of(
    st.none(), st.floats(allow_nan=False, allow_infinity=False), st.integers(-(10**18), 10**18).map(float)
)


@given(
    st.lists(st.tuples(numbers, numbers, numbers), min_size=1, max_size=20),
    st.sampled_from(["{!r}", "{:g}", "{:.8f}", "{:e}", "{:+.3f}", " {!r}", "{!r} "]),
    st.sampled_from([";", ",", "\t"]),
    st.booleans(),
)
def test_every_number_format_survives(rows, form, separator, trailing):
    end = separator if trailing else ""
    text = [["" if cell is None else form.format(cell) for cell in row] for row in rows]
    body = "".join(separator.join(row) + end + "\n" for row in text)
    result = read(separator.join("abc") + end + "\n" + body, separator=separator)
    expected = [tuple(float(cell) if cell.strip() else None for cell in row) for row in text]
    kept = [row for row in expected if any(cell is not None for cell in row)]
    assert len(result.frame) == len(kept)
    for got, want in zip(result.frame.rows(), kept, strict=True):
        for a, b in zip(got, want, strict=True):
            assert (a is None and b is None) or math.isclose(a, b, rel_tol=1e-15, abs_tol=5e-324)


@example(b"!\n\0\n;", "", False)
@given(st.binary(max_size=400), st.sampled_from(["", "a;b;c\n1;2;3\n", "a;b;c;\n1;2;3;\n"]), st.booleans())
def test_any_bytes_give_rows_or_a_ridelog_error(tail, head, text):
    try:
        result = read(head.encode() + tail, text_columns=("b",) if text else ())
    except RidelogError:
        return
    assert result.frame.height == len(result.lines)
    assert (result.lines[1:] >= result.lines[:-1]).all()


@given(st.text(alphabet='0123456789.;-e"\n\r \0ab', max_size=120))
def test_no_good_row_is_lost_whatever_surrounds_it(noise):
    result = read("a;b;c\n1;2;3\n" + noise + "\n4;5;6\n7;8;9\n")
    rows = result.frame.rows()
    if result.frame.width == 3:
        assert rows[0] == (1, 2, 3)
        assert rows[-2:] == [(4, 5, 6), (7, 8, 9)]


LOOSE = "a;b\n1;{}\n2;{}\n3;{}\n"


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (("1.5", "", " 2"), [1.5, None, 2.0]),
        (("1", "2", "off"), ["1", "2", "off"]),
        (("1", "nan", "3"), ["1", "nan", "3"]),
        (("off", "1", "2"), ["off", "1", "2"]),
        (("", "", ""), [None, None, None]),
    ],
)
def test_a_loose_column_holds_numbers_or_text(cells, expected):
    result = read(LOOSE.format(*cells), loose_columns=("b", "not there"))
    assert result.frame.get_column("b").to_list() == expected
    assert result.damage == ()


def test_a_loose_column_of_a_damaged_text_is_read_alike():
    text = LOOSE.format("1.5", "2", "3") + "4;5;6;7\n5;6\n"
    result = read(text, loose_columns=("b",))
    assert result.frame.to_dict(as_series=False) == {"a": [1.0, 2.0, 3.0, 5.0], "b": [1.5, 2.0, 3.0, 6.0]}
    assert result.lines.tolist() == [2, 3, 4, 6]


def test_a_loose_column_has_decimal_commas_too():
    for last in ("3,5", "x"):
        result = read(LOOSE.format("1,5", "2,5", last), loose_columns=("b",))
        assert result.frame.get_column("b").to_list() == ([1.5, 2.5, 3.5] if last != "x" else ["1,5", "2,5", "x"])


def test_a_text_column_stays_text_although_it_is_named_among_the_loose():
    result = read(LOOSE.format("1", "2", "3"), text_columns=("b",), loose_columns=("a", "b"))
    assert result.frame.to_dict(as_series=False) == {"a": [1.0, 2.0, 3.0], "b": ["1", "2", "3"]}
