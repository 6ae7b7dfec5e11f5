"""What an argument of vLLM does to memory: the planner counts it, it does nothing, or nobody knows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from components.serving.vllm_arguments import Scalar

COUNTED: Mapping[str, str] = {
    "data-parallel-size": "data_parallel", "decode-context-parallel-size": "decode_context_parallel", "dtype": "dtype",
    "enable-expert-parallel": "expert_parallel", "enforce-eager": "enforce_eager",
    "language-model-only": "language_model_only", "max-num-batched-tokens": "max_num_batched_tokens",
    "pipeline-parallel-size": "pipeline_parallel", "quantization": "quantization", "runner": "runner",
}  # fmt: skip
"""Extra arguments of a document that the planner counts, by what it calls them."""

_HTTP = frozenset({
    "allow-credentials", "allowed-headers", "allowed-methods", "allowed-origins", "disable-fastapi-docs", "enable-offline-docs",
    "enable-request-id-headers", "enable-ssl-refresh", "enable-tokenizer-info-endpoint", "h11-max-header-count",
    "h11-max-incomplete-event-size", "root-path", "sse-keep-alive-interval", "ssl-cert-reqs", "ssl-ciphers", "uds",
})  # fmt: skip
"""How the server is spoken to."""
_TOLD = frozenset({
    "aggregate-engine-logging", "collect-detailed-traces", "cudagraph-metrics", "custom-histogram-buckets", "disable-log-stats",
    "disable-uvicorn-access-log", "enable-log-deltas", "enable-logging-iteration-details", "enable-mfu-metrics",
    "enable-per-request-metrics", "enable-server-load-tracking", "jit-monitor-mode", "jit-monitor-verbose", "kv-cache-metrics",
    "kv-cache-metrics-sample", "log-config-file", "log-error-stack", "log-level", "logging-config", "max-log-len",
    "per-request-spec-decode-metrics", "show-hidden-metrics-for-version", "uvicorn-log-level",
})  # fmt: skip
"""What it says of itself: log, metrics, traces."""
_SPEECH = frozenset({
    "anthropic-disabled-thinking-effort", "chat-template", "chat-template-content-format", "cohere-format", "cohere-is-reasoning-model",
    "default-chat-template-kwargs", "enable-auto-tool-choice", "enable-force-include-usage", "enable-prompt-tokens-details",
    "exclude-tools-when-tool-choice-none", "fingerprint-mode", "fingerprint-value", "generation-config", "interleave-mm-strings",
    "override-generation-config", "reasoning-effort-map", "reasoning-parser", "reasoning-parser-plugin", "response-role",
    "return-tokens-as-token-ids", "stream-interval", "structured-outputs-config", "tool-call-parser", "tool-parser-plugin",
    "tool-strict-level",
})  # fmt: skip
"""How prompts are put together and answers taken apart, on the processor."""
_SOURCES = frozenset({
    "allow-deprecated-quantization", "allowed-local-media-path", "allowed-media-domains", "code-revision", "download-dir",
    "fail-on-environ-validation", "hf-token", "mm-hasher-algorithm", "prefix-caching-hash-algo", "revision", "skip-tokenizer-init", "tokenizer",
    "tokenizer-mode", "tokenizer-revision", "use-tqdm-on-load",
})  # fmt: skip
"""Where files come from and how they are read and named."""
_ORDER = frozenset({
    "cpu-distributed-timeout-seconds", "distributed-timeout-seconds", "expert-placement-strategy", "max-num-queued-reqs",
    "max-num-queued-tokens", "numa-bind", "numa-bind-cpus", "numa-bind-nodes", "scheduling-policy", "seed",
})  # fmt: skip
"""Who comes first, on which processor, and how long one waits."""

NEUTRAL = _HTTP | _TOLD | _SPEECH | _SOURCES | _ORDER
"""Arguments that leave memory of a GPU alone, reviewed in the sources of 0.33.0; whatever is not sure is not here."""


USUAL: Mapping[str, Scalar] = {"enable-chunked-prefill": True, "enable-prefix-caching": True}
"""What 0.33.0 does by itself, and the planner counts; only the opposite is not counted."""


def uncounted(arguments: Mapping[str, Scalar]) -> tuple[str, ...]:
    """Those of the arguments whose effect on memory nobody has counted."""
    usual = {name for name, value in arguments.items() if USUAL.get(name) == value}
    return tuple(sorted(arguments.keys() - COUNTED.keys() - NEUTRAL - usual))
