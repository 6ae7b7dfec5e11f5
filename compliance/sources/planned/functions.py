"""Functions."""

from __future__ import annotations

from collections.abc import Iterator

from compliance.facts.base import Known, Leaf, Ref, Unknown
from compliance.facts.functions import Function
from compliance.facts.leaf import every, inverted, mapped, some
from compliance.sources.planned.adapter import Adapter
from compliance.sources.planned.reading import MISSING, Reading


def function(code: Reading) -> Function:
    """Fold a function with its addresses and permissions."""
    urls = code.satellites("aws:lambda/functionUrl:FunctionUrl", "functionName")
    return Function(
        id=code.id("Function"),
        urns=(code.urn, *(url.urn for url in urls)),
        data_classes=code.classes(),
        in_vpc=code.present("vpcConfig.subnetIds"),
        key=code.link("kmsKeyArn"),
        has_environment=code.present("environment.variables"),
        public_url=some([*(mapped(url.text("authorizationType"), lambda kind: kind == "NONE") for url in urls),
                         code.absent_flag("functionUrl")]),
        open_permission=some([*_permissions(code), code.absent_flag("open permission")]),
        log_group=_log_group(code),
        traced=mapped(code.text("tracingConfig.mode"), lambda mode: mode == "Active"),
        runtime=code.text("runtime"),
    )  # fmt: skip


def _permissions(code: Reading) -> Iterator[Leaf[bool]]:
    """For each permission, whether its principal is everybody, or a service that is told no source to act for."""
    for permission in code.satellites("aws:lambda/permission:Permission", "function"):
        principal = permission.text("principal")
        wide = mapped(principal, lambda who: who == "*" or who.endswith(".amazonaws.com"))
        anybody = mapped(principal, lambda who: who == "*")
        sources = [permission.present(name) for name in ("sourceAccount", "sourceArn")]
        organisation = permission.present("principalOrgId")
        yield some([every([wide, inverted(some([*sources, organisation]))]), every([anybody, inverted(organisation)])])


def _log_group(code: Reading) -> Leaf[Ref | None]:
    """A group that the function names, or one of ours that has the name which Lambda would take."""
    if code.raw("loggingConfig.logGroup") is not MISSING:
        return code.link("loggingConfig.logGroup")
    name = code.text("name")
    if isinstance(name, Unknown):
        return name
    groups = code.links.groups_by_name.get(f"/aws/lambda/{name.value}")
    found = Ref(urn=groups, property="name") if groups else None
    return (
        Known(found, code.origin("name"))
        if found or not code.links.graph.incomplete
        else Unknown("not_read", code.origin("name"))
    )


ADAPTERS = (Adapter("aws:lambda/function:Function", function),)
