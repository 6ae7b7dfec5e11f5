"""The arithmetic of burn rates."""

from __future__ import annotations

import re
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.observability.burn_rate import BURNS, DAY, HOUR, WINDOWS, ServiceLevel, group, raised, series, window

ALLOWED = st.floats(min_value=1e-5, max_value=0.5)


def level(allowed: float) -> ServiceLevel:
    return ServiceLevel("availability", allowed, lambda w: f"sum(rate(a[{w}])) / sum(rate(b[{w}]))", "Requests fail")


def rules(allowed: float) -> list[dict[str, Any]]:
    return cast("list[dict[str, Any]]", group(level(allowed))["rules"])


def test_each_rate_speaks_after_the_part_of_the_allowance_that_its_source_names() -> None:
    assert [round(burn.consumed, 6) for burn in BURNS] == [0.02, 0.05, 0.1, 0.1]


def test_the_short_window_is_a_twelfth_of_the_long_one() -> None:
    assert [(burn.long, burn.short) for burn in BURNS] == [
        (HOUR, 5), (6 * HOUR, 30), (DAY, 2 * HOUR), (3 * DAY, 6 * HOUR),
    ]  # fmt: skip
    assert {burn.long / burn.short for burn in BURNS} == {12}


def test_the_faster_the_sooner_and_the_more_severe() -> None:
    assert [burn.factor for burn in BURNS] == sorted((burn.factor for burn in BURNS), reverse=True)
    assert [burn.severity for burn in BURNS] == ["critical", "critical", "warning", "warning"]


@pytest.mark.parametrize(
    ("minutes", "written"), [(5, "5m"), (30, "30m"), (60, "1h"), (120, "2h"), (1440, "1d"), (90, "90m")]
)
def test_windows_are_written_in_their_largest_whole_unit(minutes: int, written: str) -> None:
    assert window(minutes) == written


def test_three_nines_are_held_against_the_bounds_of_the_workbook() -> None:
    alerts = {rule["alert"]: rule for rule in rules(0.001) if "alert" in rule}
    assert [rule["expr"] for rule in alerts.values()] == [
        "slo:availability:bad_ratio_1h > 0.0144 and slo:availability:bad_ratio_5m > 0.0144",
        "slo:availability:bad_ratio_6h > 0.006 and slo:availability:bad_ratio_30m > 0.006",
        "slo:availability:bad_ratio_1d > 0.003 and slo:availability:bad_ratio_2h > 0.003",
        "slo:availability:bad_ratio_3d > 0.001 and slo:availability:bad_ratio_6h > 0.001",
    ]
    assert list(alerts) == [f"AvailabilityBurns{name}" for name in ("Fastest", "Fast", "Slow", "Slowest")]


@given(ALLOWED)
def test_no_alert_asks_for_more_failures_than_there_are_events(allowed: float) -> None:
    for rule in rules(allowed):
        if "alert" in rule:
            first, second = (float(bound) for bound in re.findall(r"> (\S+)", rule["expr"]))
            assert first == second
            assert 0 < first < 1


@given(ALLOWED)
def test_a_total_outage_raises_every_alert_that_is_rendered_and_a_kept_promise_none(allowed: float) -> None:
    for burn in raised(level(allowed)):
        assert burn.factor * allowed < 1
    kept = allowed * 0.999
    assert not [burn for burn in raised(level(allowed)) if kept > burn.factor * allowed]


@given(ALLOWED)
def test_the_slowest_rate_is_always_watched(allowed: float) -> None:
    assert raised(level(allowed))[-1] is BURNS[-1]


@given(ALLOWED, ALLOWED)
def test_a_stricter_promise_has_no_higher_bound(one: float, other: float) -> None:
    strict, loose = sorted((one, other))
    for burn in raised(level(loose)):
        assert burn in raised(level(strict))
        assert burn.factor * strict <= burn.factor * loose


@given(ALLOWED)
def test_every_window_that_an_alert_reads_is_recorded_once(allowed: float) -> None:
    found = rules(allowed)
    recorded = [rule["record"] for rule in found if "record" in rule]
    assert recorded == [*(series(level(allowed), minutes) for minutes in WINDOWS), "slo:availability:allowed_ratio"]
    asked = " ".join(rule["expr"] for rule in found if "alert" in rule)
    assert set(re.findall(r"slo:\w+:bad_ratio_\w+", asked)) <= set(recorded)
