"""LiteLLM's configuration, rendered from typed routes: everything but the entries of the models themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from pydantic import JsonValue

    from components.gateway.callers import Caller
    from components.gateway.litellm_spec import Level, LiteLlmSpec, RouteModel, ServerTools

DOOR_PORT = 6379
"""Where the sidecar listens on the loopback."""
ANALYZER_PORT, ANONYMIZER_PORT = 5002, 5001
"""Where Presidio listens, in the same pod."""
MILLION = 1_000_000
NO_MODEL = "no-default-models"
"""LiteLLM's word for a team that may call no model; an empty list would mean every model."""
FORWARDED = ("x-blueprint-groups",)
"""Headers of a caller that reach a server of tools: the groups of the person on whose behalf it asks."""

PERSONAL = (
    "EMAIL_ADDRESS", "IBAN_CODE", "IP_ADDRESS", "LOCATION", "MEDICAL_LICENSE", "NRP", "PERSON", "PHONE_NUMBER",
    "US_BANK_NUMBER", "US_DRIVER_LICENSE", "US_ITIN", "US_PASSPORT", "US_SSN",
)  # fmt: skip
"""What Presidio masks. DATE_TIME and URL are left out: masking every date makes clinical text useless, and a bare date
identifies nobody once name, number and place are gone."""

CARD_PATTERNS = ("credit_card", "visa", "mastercard", "amex", "discover")
"""Patterns of LiteLLM's own content filter; a prompt that holds one is refused, it reaches no model and no log."""


@dataclass(frozen=True)
class Handling:
    """What is done with the content of prompts, after posture and document have been compared."""

    logging: Level
    redacts: bool
    card_data_allowed: bool
    record_days: int
    """Days that records of requests are kept in the database."""

    @property
    def content_recorded(self) -> bool:
        """Whether any text of a prompt is written down; redacted text only where something redacts it."""
        return self.logging == "full" or (self.logging == "redacted" and self.redacts)


def settings(spec: LiteLlmSpec, handling: Handling) -> dict[str, JsonValue]:
    """The gateway's part of config.yaml."""
    return {
        "general_settings": {
            "allow_requests_on_db_unavailable": False,
            "database_connection_pool_limit": 10,
            "disable_prisma_schema_update": True,
            "disable_spend_logs": handling.logging == "off",
            "enable_public_model_hub": False,
            "maximum_spend_logs_retention_period": f"{handling.record_days}d",
            "proxy_batch_write_at": 60,
            "store_model_in_db": False,
            "store_prompts_in_spend_logs": False,
            "use_redis_transaction_buffer": True,
        },
        "litellm_settings": {
            "cache": True,
            "cache_params": {"type": "redis", "host": "127.0.0.1", "port": DOOR_PORT, "supported_call_types": []},
            "callbacks": ["prometheus"] if handling.logging == "off" else ["prometheus", "otel"],
            "enable_end_user_cost_tracking_prometheus_only": True,  # spend by tenant: what a caller names as `user`
            "json_logs": True,
            "redact_user_api_key_info": True,
            "turn_off_message_logging": not handling.content_recorded,
        },
        "router_settings": {
            "enable_pre_call_checks": True,
            "fallbacks": [{route.name: list(route.fallbacks)} for route in spec.routes if route.fallbacks],
            "redis_host": "127.0.0.1",
            "redis_port": DOOR_PORT,
            "routing_strategy": "simple-shuffle",
        },
        "guardrails": _guardrails(handling),
    }


def routes(spec: LiteLlmSpec, off: AbstractSet[str], approved: AbstractSet[str]) -> list[JsonValue]:
    """What the start program joins with the models' own entries; a model that is off is not among them."""
    return [
        {
            "name": route.name,
            "task": route.task,
            "timeout_seconds": route.timeout_seconds,
            "retries": route.retries,
            "models": [
                _model(model, approved=model.serving in approved) for model in route.models if model.serving not in off
            ],
        }
        for route in spec.routes
    ]


def server(entry: ServerTools) -> str:
    """What LiteLLM calls a server of tools; callers see its tools as <server>-<tool>, so there is no hyphen in it."""
    return entry.name.replace("-", "_")


def tool_server(entry: ServerTools) -> dict[str, JsonValue]:
    """What does not depend on who answers: the tools that pass, the headers that are handed on, and how long to wait."""
    return {
        "transport": "http",
        "auth_type": "bearer_token",
        "allowed_tools": list(entry.all),
        "allow_all_keys": False,
        "extra_headers": list(FORWARDED),
        "timeout": entry.timeout_seconds,
        "mcp_info": {"after_approval": list(entry.after_approval)},
    }


def teams(spec: LiteLlmSpec, owner: str, callers: tuple[Caller, ...]) -> list[JsonValue]:
    """Every team with its limits, rights and the file that holds its key: the platform's own components first."""
    everything = [route.name for route in spec.routes]
    own: list[JsonValue] = [
        {
            "name": caller.team, "owner": owner, "models": _models(caller, everything), "tools": _rights(spec, caller.tools), **spec.platform_limits.model_dump(mode="json"),
        }
        for caller in callers
    ]  # fmt: skip
    others: list[JsonValue] = [
        {**team.model_dump(mode="json"), "models": [*(team.models or everything)], "tools": {}} for team in spec.teams
    ]
    return [*own, *others]


def _models(caller: Caller, everything: list[str]) -> list[JsonValue]:
    return [*sorted(caller.models or everything)] if caller.asks else [NO_MODEL]


def _rights(spec: LiteLlmSpec, names: frozenset[str]) -> dict[str, JsonValue]:
    """Server -> the tools of it that a caller may use; named as the caller's want names them: knowledge/search."""
    rights: dict[str, JsonValue] = {}
    for entry in spec.tools:
        allowed: list[JsonValue] = [tool for tool in entry.all if f"{entry.name}/{tool}" in names]
        if allowed:
            rights[server(entry)] = allowed
    return rights


def _model(model: RouteModel, *, approved: bool) -> dict[str, JsonValue]:
    entry: dict[str, JsonValue] = {"serving": model.serving, "weight": model.weight, "approved": approved}
    if model.price is not None:
        entry["input_cost_per_token"] = model.price.input_usd_per_million / MILLION
        entry["output_cost_per_token"] = model.price.output_usd_per_million / MILLION
    return entry


def _guardrails(handling: Handling) -> list[JsonValue]:
    """Always on, for every caller: a caller cannot ask for fewer."""
    cards: dict[str, JsonValue] = {
        "guardrail_name": "card-data",
        "litellm_params": {
            "guardrail": "litellm_content_filter",
            "mode": "pre_call",
            "default_on": True,
            "patterns": [
                {"pattern_type": "prebuilt", "pattern_name": name, "action": "BLOCK"} for name in CARD_PATTERNS
            ],
        },
    }
    personal: dict[str, JsonValue] = {
        "guardrail_name": "personal-data",
        "litellm_params": {
            "guardrail": "presidio",
            "mode": "pre_call",
            "default_on": True,
            "pii_entities_config": dict.fromkeys(PERSONAL, "MASK"),
            "presidio_analyzer_api_base": f"http://127.0.0.1:{ANALYZER_PORT}",
            "presidio_anonymizer_api_base": f"http://127.0.0.1:{ANONYMIZER_PORT}",
            "presidio_filter_scope": "both",
            "presidio_language": "en",
        },
    }
    return [*([] if handling.card_data_allowed else [cards]), *([personal] if handling.redacts else [])]
