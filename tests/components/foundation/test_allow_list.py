from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from components.foundation.allow_list import allow_list

NAMES = st.sets(st.sampled_from(["a.org", "b.a.org", "c.b.a.org", "*.a.org", "*.b.a.org", "ba.org", "*.org"]))


def reaches(rule: str, host: str) -> bool:
    return host == rule.removeprefix(".") or (rule.startswith(".") and host.endswith(rule))


def test_a_wildcard_becomes_a_leading_dot_and_swallows_what_it_covers() -> None:
    assert allow_list(["api.example.org", "*.example.com", "www.example.com", "example.com"]) == (
        ".example.com",
        "api.example.org",
    )


def test_a_name_that_only_looks_alike_is_kept() -> None:
    assert allow_list(["*.a.org", "ba.org"]) == (".a.org", "ba.org")


@given(NAMES, st.sampled_from(["a.org", "b.a.org", "c.b.a.org", "ba.org", "x.org", "x.com"]))
def test_shortening_neither_opens_nor_closes_a_host(names: set[str], host: str) -> None:
    asked = any(reaches(name.removeprefix("*"), host) for name in names)
    assert any(reaches(rule, host) for rule in allow_list(names)) == asked


@given(NAMES)
def test_no_entry_covers_another(names: set[str]) -> None:
    rules = allow_list(names)
    assert not [
        (one, other) for one in rules for other in rules if one != other and reaches(one, other.removeprefix("."))
    ]
