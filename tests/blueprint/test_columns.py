from __future__ import annotations

import pytest

from blueprint.columns import columns, terminal_width

HEAD = ("name", "what it is", "cost")
ROWS = [("a", "a text of many words that nobody has room for in a narrow place", "12"), ("b", "short", "7")]


def test_columns_are_as_wide_as_their_content() -> None:
    assert columns(HEAD, ROWS, widest=20).splitlines() == [
        "name  what it is            cost", "────  ────────────────────  ────",
        "a     a text of many word…  12", "b     short                 7",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("width", "left_out"), [(20, ["what it is", "cost"]), (30, ["cost"]), (40, []), (60, []), (100, [])]
)
def test_in_a_narrow_terminal_the_widest_is_wrapped_and_what_has_no_room_is_named(
    width: int, left_out: list[str]
) -> None:
    lines = columns(HEAD, ROWS, widest=100, width=width).splitlines()
    table = [line for line in lines if not line.startswith("no room for: ")]
    assert max(len(line) for line in table) <= width
    assert lines[len(table) :] == ([f"no room for: {', '.join(left_out)}"] if left_out else [])
    assert "what it is" in left_out or all(word in " ".join(table) for word in ROWS[0][1].split())


def test_where_nobody_looks_at_a_terminal_there_is_no_width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    assert terminal_width() is None
    monkeypatch.setenv("COLUMNS", "60")
    assert terminal_width() == 60
