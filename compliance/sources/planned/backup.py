"""Vaults, plans, restore tests."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, TypeAlias

from compliance.facts.backup import BackupPlan, BackupVault, RestoreTest
from compliance.facts.base import Known, Leaf, Unknown
from compliance.facts.leaf import every, joined, mapped, some
from compliance.sources.planned.adapter import Adapter
from compliance.sources.planned.reading import MISSING, Reading

Kept: TypeAlias = int | Literal["forever"]
_WEEK, _MONTH, _DAY = 168, 744, 24


def vault(store: Reading) -> BackupVault:
    """Fold a vault; with a date after which it cannot be changed its lock is compliance, without it governance."""
    lock = store.satellite("aws:backup/vaultLockConfiguration:VaultLockConfiguration", "backupVaultName")
    return BackupVault(
        id=store.id("BackupVault"),
        urns=(store.urn, *((lock.urn,) if lock else ())),
        data_classes=store.classes(),
        key=store.link("kmsKeyArn"),
        lock=_lock(store, lock),
        separate_account=store.separate_account(),
        alternate_region=store.alternate_region(),
    )


def plan(schedule: Reading) -> BackupPlan:
    """Fold a plan with its selections; where rules differ the weakest speaks."""
    rules = schedule.items("rules")
    selections = schedule.satellites("aws:backup/selection:Selection", "planId")
    intervals = [mapped(schedule.text(f"{rule}.schedule"), interval_hours) for rule in rules]
    return BackupPlan(
        id=schedule.id("BackupPlan"),
        urns=(schedule.urn, *(each.urn for each in selections)),
        data_classes=schedule.classes(),
        interval_hours=_extreme(schedule, intervals, longest=False),
        retention_days=_retention(schedule, rules),
        copies=_extreme(schedule, [_copies(schedule, rule) for rule in rules], longest=True),
        alternate_site=every([*(_elsewhere(schedule, rule) for rule in rules), schedule.known("rules", bool(rules))]),
        selects=_selects(schedule, selections),
    )


def restore_test(test: Reading) -> RestoreTest:
    """Fold a restore testing plan."""
    return RestoreTest(
        id=test.id("RestoreTest"),
        urns=(test.urn,),
        data_classes=test.classes(),
        interval_days=mapped(test.text("scheduleExpression"), lambda text: -(-interval_hours(text) // _DAY)),
    )


def interval_hours(schedule: str) -> int:
    """Longest time between two runs of a cron or rate expression of AWS, in hours; a year where it is not one of the usual ones."""
    rate = re.fullmatch(r"rate\((\d+) (hour|day)s?\)", schedule)
    if rate:
        return int(rate[1]) * (1 if rate[2] == "hour" else _DAY)
    fields = schedule.removeprefix("cron(").removesuffix(")").split()
    if len(fields) != 6:
        return 366 * _DAY
    _, hours, day, month, weekday, _ = fields
    if month != "*":
        return 366 * _DAY
    if weekday not in {"*", "?"}:
        return _WEEK
    if day not in {"*", "?"}:
        step = re.fullmatch(r"(?:\*|1)/(\d+)", day)
        return int(step[1]) * _DAY if step else _MONTH
    return _within_a_day(hours)


def _within_a_day(hours: str) -> int:
    step = re.fullmatch(r"(?:\*|\d+)/(\d+)", hours)
    if hours == "*":
        return 1
    if step:
        return min(int(step[1]), _DAY)
    times = sorted(int(each) for each in hours.split(",") if each.isdigit())
    gaps = [(later - earlier) % _DAY or _DAY for earlier, later in zip(times, [*times[1:], *times[:1]], strict=True)]
    return max(gaps, default=_DAY)


def _lock(store: Reading, lock: Reading | None) -> Leaf[Literal["none", "governance", "compliance"]]:
    if lock is None:
        return mapped(store.absent("vaultLockConfiguration"), lambda _: "none")
    written = lock.present("changeableForDays")
    return mapped(written, lambda days: "compliance" if days else "governance")


def _copies(schedule: Reading, rule: str) -> Leaf[int]:
    """The data itself, the recovery point, and a copy for each copy action."""
    path = f"{rule}.copyActions"
    written = schedule.present(path)
    return written if isinstance(written, Unknown) else schedule.known(path, 2 + len(schedule.items(path)))


def _elsewhere(schedule: Reading, rule: str) -> Leaf[bool]:
    return some([*(_leads_away(schedule, action) for action in schedule.items(f"{rule}.copyActions")),
                 schedule.known(f"{rule}.copyActions", value=False)])  # fmt: skip


def _leads_away(schedule: Reading, action: str) -> Leaf[bool]:
    path = f"{action}.destinationVaultArn"
    target = schedule.target(path)
    if target is not None:
        return some([target.separate_account(), target.alternate_region()])
    account, region = schedule.links.home
    return mapped(schedule.text(path), lambda arn: arn.count(":") > 4 and arn.split(":")[3:5] != [region, account])


def _retention(schedule: Reading, rules: tuple[str, ...]) -> Leaf[Kept]:
    """Shortest retention of all recovery points and copies; without one they are kept for ever."""
    holders = (path for rule in rules for path in (rule, *schedule.items(f"{rule}.copyActions")))
    paths = (f"{holder}.lifecycle.deleteAfter" for holder in holders)
    days = [schedule.number(path) for path in paths if schedule.raw(path) is not MISSING]
    if not days:
        return mapped(schedule.absent("lifecycle"), lambda _: "forever")
    return mapped(_extreme(schedule, days, longest=True), lambda least: least)


def _extreme(schedule: Reading, leaves: list[Leaf[int]], *, longest: bool) -> Leaf[int]:
    """The lowest where longer is better, the highest where it is worse; no rule at all is unknown."""
    unknown = next((leaf for leaf in leaves if isinstance(leaf, Unknown)), None)
    known = [leaf for leaf in leaves if isinstance(leaf, Known)]
    if unknown or not known:
        return unknown or Unknown("existing" if schedule.resource.external else "no_default", schedule.origin("rules"))
    return min(known, key=lambda leaf: leaf.value) if longest else max(known, key=lambda leaf: leaf.value)


def _selects(schedule: Reading, selections: tuple[Reading, ...]) -> Leaf[frozenset[str]]:
    found: set[str] = set()
    for selection in selections:
        for text in _conditions(selection):
            if isinstance(text, Unknown):
                return text
            found.add(text.value)
    if not selections:
        return mapped(schedule.absent("selection"), lambda _: frozenset())
    return schedule.doubt("(selection)") or Known(frozenset(found), selections[0].origin("selectionTags"))


def _conditions(selection: Reading) -> Iterator[Leaf[str]]:
    for path in selection.items("selectionTags"):
        yield joined(selection.text(f"{path}.key"), selection.text(f"{path}.value"), _pair)
    for group in selection.items("conditions"):
        for path in selection.items(f"{group}.stringEquals"):
            yield joined(selection.text(f"{path}.key"), selection.text(f"{path}.value"), _pair)


def _pair(key: str, value: str) -> str:
    return f"{key.removeprefix('aws:ResourceTag/')}={value}"


ADAPTERS = (
    Adapter("aws:backup/vault:Vault", vault),
    Adapter("aws:backup/plan:Plan", plan),
    Adapter("aws:backup/restoreTestingPlan:RestoreTestingPlan", restore_test),
)
