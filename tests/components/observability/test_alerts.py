"""Alert rules."""

from __future__ import annotations

import re

from components.observability.alerts import rules
from components.observability.observability_spec import Objectives


def rendered(**parts: bool) -> dict[str, dict[str, str]]:
    wanted = {"serving": False, "gateway": False, "gpus": False, **parts}
    groups = rules(Objectives(), expected=["gateway"], **wanted)["groups"]
    return {rule["alert"]: rule for group in groups for rule in group["rules"] if "alert" in rule}  # type: ignore[index,call-overload,union-attr,misc]


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
    groups = rules(Objectives(), serving=True, gateway=True, gpus=True, expected=[])["groups"]
    every = [rule for group in groups for rule in group["rules"]]  # type: ignore[index,call-overload,union-attr]
    recorded = {rule["record"] for rule in every if "record" in rule}  # type: ignore[operator,index,call-overload]
    read = {
        name for rule in every for name in re.findall(r"gateway:failures:ratio_\w+", rule["expr"]) if "alert" in rule
    }  # type: ignore[operator,index,call-overload,arg-type]
    assert read == recorded == {f"gateway:failures:ratio_{window}" for window in ("5m", "30m", "1h", "6h")}


def test_the_cache_alert_knows_the_old_name_and_the_new() -> None:
    expression = rendered(serving=True)["CacheFull"]["expr"]
    assert expression == "max by (model_name) (vllm:kv_cache_usage_perc or vllm:gpu_cache_usage_perc) > 0.9"


def test_objectives_are_the_bounds() -> None:
    objectives = Objectives(queue_depth=7, first_token_seconds=1.5, budget_left_percent=25)
    groups = rules(objectives, serving=True, gateway=True, gpus=False, expected=[])["groups"]
    ends = {
        rule["alert"]: rule["expr"].rpartition(" ")[2] for group in groups for rule in group["rules"] if "alert" in rule
    }  # type: ignore[index,call-overload,union-attr]
    assert (ends["QueueDeep"], ends["FirstTokenSlow"], ends["BudgetNearlyUsed"]) == ("7", "1.5", "25")
