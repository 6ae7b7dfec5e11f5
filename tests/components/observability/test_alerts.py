"""Alert rules."""

from __future__ import annotations

import re
from typing import Any, cast

from components.observability.alerts import rules
from components.observability.observability_spec import Objectives


def groups(objectives: Objectives, **parts: bool) -> list[dict[str, Any]]:
    wanted = {"serving": False, "gateway": False, "gpus": False, **parts}
    return cast("list[dict[str, Any]]", rules(objectives, expected=["gateway"], **wanted)["groups"])


def rendered(**parts: bool) -> dict[str, dict[str, str]]:
    every = [rule for group in groups(Objectives(), **parts) for rule in group["rules"]]
    return {rule["alert"]: rule for rule in every if "alert" in rule}


def test_silence_is_an_alert_whatever_the_platform_has() -> None:
    assert set(rendered()) == {"CollectorSilent", "TargetDown", "NothingHeard"}
    assert rendered()["NothingHeard"]["expr"] == 'absent_over_time(up{namespace="gateway"}[15m])'


def test_availability_alerts_fire_by_how_fast_the_allowance_is_used_up() -> None:
    found = rendered(gateway=True)
    assert (
        found["AvailabilityBurnsFast"]["expr"]
        == "gateway:failures:ratio_1h > 0.0144 and gateway:failures:ratio_5m > 0.0144"
    )
    assert (
        found["AvailabilityBurnsSlow"]["expr"]
        == "gateway:failures:ratio_6h > 0.006 and gateway:failures:ratio_30m > 0.006"
    )


def test_every_ratio_that_an_alert_reads_is_recorded() -> None:
    every = [rule for group in groups(Objectives(), gateway=True) for rule in group["rules"]]
    recorded = {rule["record"] for rule in every if "record" in rule}
    text = " ".join(rule["expr"] for rule in every if "alert" in rule)
    assert set(re.findall(r"gateway:failures:ratio_\w+", text)) == recorded
    assert recorded == {f"gateway:failures:ratio_{window}" for window in ("5m", "30m", "1h", "6h")}


def test_the_cache_alert_knows_the_old_name_and_the_new() -> None:
    expression = rendered(serving=True)["CacheFull"]["expr"]
    assert expression == "max by (model_name) (vllm:kv_cache_usage_perc or vllm:gpu_cache_usage_perc) > 0.9"


def test_objectives_are_the_bounds() -> None:
    objectives = Objectives(queue_depth=7, first_token_seconds=1.5, budget_left_percent=25)
    every = [rule for group in groups(objectives, serving=True, gateway=True) for rule in group["rules"]]
    ends = {rule["alert"]: rule["expr"].rpartition(" ")[2] for rule in every if "alert" in rule}
    assert (ends["QueueDeep"], ends["FirstTokenSlow"], ends["BudgetNearlyUsed"]) == ("7", "1.5", "25")
