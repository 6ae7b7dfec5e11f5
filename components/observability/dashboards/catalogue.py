"""Which dashboards a platform gets: those of the layers that it has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.observability.dashboards.agents import agents
from components.observability.dashboards.evaluation import evaluation
from components.observability.dashboards.gateway import gateway
from components.observability.dashboards.models import models
from components.observability.dashboards.objectives import objectives
from components.observability.dashboards.stores import stores

if TYPE_CHECKING:
    from components.observability.dashboards.model import Dashboard


def catalogue(label: str, present: frozenset[str]) -> tuple[Dashboard, ...]:
    """Dashboards for what is `present`: slots that are filled and dialects that are offered. The overview comes first.

    `label` is how names of the platform's stores begin.
    """
    found = [objectives(present)]
    found += [models(gpus="gpu_pools" in present)] if "serving" in present else []
    found += [gateway()] if "gateway" in present else []
    found += [agents(label, durable="durable_execution" in present)] if "agents" in present else []
    found += [stores(label, present)] if present & {"gateway", "vector_stores"} else []
    found += [evaluation()] if "evaluation" in present else []
    return tuple(found)
