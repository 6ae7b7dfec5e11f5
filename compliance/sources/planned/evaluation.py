"""Evaluations: schedules whose settings name models, a judge and what is asked of them."""

from __future__ import annotations

import re

from compliance.facts.base import Known, Leaf, Unknown
from compliance.facts.evaluation import Evaluation
from compliance.facts.leaf import every, inverted, mapped, some
from compliance.sources.planned.adapter import Adapter
from compliance.sources.planned.mounts import File, files, secret_names
from compliance.sources.planned.pods import Pod
from compliance.sources.planned.reading import MISSING, Reading

RULES = "aws:amp/ruleGroupNamespace:RuleGroupNamespace"
SETTINGS = frozenset({"models", "judge", "thresholds", "dataset"})
PROGRAM = "evaluate"
"""What a run executes."""
RESULT = "evaluation_score"
"""The metric that a run reports."""
_DIGEST = re.compile(r"^sha256:[0-9a-f]{64}$")
_LOW = re.compile(rf"{RESULT}\b[^\n]*<")
_SILENT = re.compile(rf"absent_over_time\({RESULT}\b")


def evaluation(reading: Reading) -> Evaluation | None:
    """Fold a CronJob that mounts the settings of an evaluation, or runs ours and mounts settings that were not read."""
    pod = Pod(reading)
    found = next(
        (each for each in files(pod) if isinstance(each.document, dict) and each.document.keys() >= SETTINGS), None
    )
    if found is None and not any(_runs(pod, each) for each in pod.containers):
        return None
    return Evaluation(
        id=reading.id("Evaluation"),
        urns=(reading.urn, *((found.config_map.urn,) if found else ())),
        data_classes=reading.classes(),
        scheduled=every((
            mapped(reading.text("spec.schedule"), lambda text: bool(text.strip())), inverted(_suspended(reading)),
        )),
        overlaps=mapped(reading.text("spec.concurrencyPolicy"), lambda policy: policy == "Allow")
        if reading.raw("spec.concurrencyPolicy") is not MISSING
        else reading.known("spec.concurrencyPolicy", value=True),
        dataset_pinned=_pinned(found) if found else _unread(pod),
        thresholds=_thresholds(found) if found else _unread(pod),
        alarmed=_alarmed(reading),
        own_key=_own_key(pod),
    )  # fmt: skip


def _runs(pod: Pod, container: str) -> bool:
    """Whether a container runs our program: as a module of Python, or as a file."""
    told = pod.arguments(container)
    words = told.value if isinstance(told, Known) else ()
    return any(word.endswith(f".{PROGRAM}") or word.rpartition("/")[2] == f"{PROGRAM}.py" for word in words)


def _unread(pod: Pod) -> Unknown:
    where = f"{pod.spec}.volumes"
    return pod.reading.doubt(where) or Unknown("not_read", pod.reading.origin(where))


def _suspended(reading: Reading) -> Leaf[bool]:
    missing = reading.raw("spec.suspend") is MISSING
    return reading.known("spec.suspend", value=False) if missing else reading.flag("spec.suspend")


def _pinned(found: File) -> Leaf[bool]:
    document = found.document
    dataset = document.get("dataset") if isinstance(document, dict) else None
    digest = dataset.get("digest") if isinstance(dataset, dict) else None
    return found.config_map.known(
        f"{found.path}.dataset.digest", isinstance(digest, str) and bool(_DIGEST.match(digest))
    )


def _thresholds(found: File) -> Leaf[frozenset[str]]:
    document = found.document
    bounds = document.get("thresholds") if isinstance(document, dict) else None
    asked = bounds.items() if isinstance(bounds, dict) else ()
    positive = (name for name, bound in asked if isinstance(bound, int | float) and bound > 0)
    return found.config_map.known(f"{found.path}.thresholds", frozenset(positive))


def _alarmed(reading: Reading) -> Leaf[bool]:
    """One rule group that notices low scores and their absence; rules that only the cloud knows may be that one."""
    groups = [reading.of(each) for each in reading.links.graph.of(RULES)]
    told = (mapped(each.text("data"), lambda text: bool(_LOW.search(text) and _SILENT.search(text))) for each in groups)
    return some((reading.none("(RuleGroupNamespace)"), *told))


def _own_key(pod: Pod) -> Leaf[bool]:
    path = next((path for name, path in secret_names(pod).items() if "gateway-key" in name), None)
    if path is not None:
        return pod.reading.known(path, value=True)
    where = f"{pod.spec}.volumes"
    unread = pod.reading.doubt(where)
    return unread if isinstance(unread, Unknown) else pod.reading.known(where, value=False)


ADAPTERS = (Adapter("kubernetes:batch/v1:CronJob", evaluation),)
