import pytest

from prodgate.report.text import count_columns, shorten, visible, wrap


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("日本 語\u3000", "日本 語\u3000"),
        ("a\x1b[31mb", r"a\x1b[31mb"),
        ("\u202eevil", r"\u202eevil"),
        ("zero\u200bwidth", r"zero\u200bwidth"),
        ("tag\U000e0041", r"tag\U000e0041"),
        ("\udcff", r"\udcff"),
        ("one\ntwo\t", r"one\ntwo\t"),
        ("e" + "\u0301" * 5, "e" + "\u0301" * 4 + r"\u0301"),
    ],
)
def test_what_cannot_be_seen_is_written_out(text: str, shown: str) -> None:
    assert visible(text) == shown
    assert visible(text).encode("utf-8")


def test_keeps_line_breaks_where_asked() -> None:
    assert visible("one\ntwo\r", keep="\n") == "one\ntwo\\r"


def test_marks_what_was_cut() -> None:
    assert shorten("abcdef", 4) == "abc…"
    assert shorten("abcd", 4) == "abcd"


def test_counts_wide_characters_twice_and_colours_not_at_all() -> None:
    assert count_columns("日本") == 4
    assert count_columns("\x1b[1;31mx\x1b[0m") == 1
    assert count_columns("e\u0301") == 1


def test_wraps_by_columns_and_leaves_long_words_whole() -> None:
    assert wrap("  aa bb cc", 7, indent="    ") == ["  aa bb", "    cc"]
    assert wrap("日本 日本", 7, indent="") == ["日本", "日本"]
    assert wrap("a/very/long/path.tf:1 is", 5, indent="  ") == ["a/very/long/path.tf:1", "  is"]
    assert wrap("", 7, indent="") == [""]
