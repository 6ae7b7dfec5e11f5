"""Agents: what they do, how long it takes, and who waits for a person."""

from __future__ import annotations

from components.observability.dashboards.model import CloudWatch, Dashboard, Panel, Query, Section

RUNS, TOOLS = "gen_ai_invoke_agent_duration_seconds", "gen_ai_execute_tool_duration_seconds"
"""OpenTelemetry's conventions for generative systems; an agent whose image does not follow them shows nothing here."""


def agents(label: str, *, durable: bool) -> Dashboard:
    """Runs and tools as the agents report them; tasks as Temporal does where there is one."""
    return Dashboard("agents", "Agents", (_runs(), _tools(label), *((_tasks(),) if durable else ())))


def _runs() -> Section:
    return Section("Runs", (
        Panel("Runs", (Query(f"sum by (gen_ai_agent_name) (rate({RUNS}_count[5m]))", "{{gen_ai_agent_name}}"),), "ops", width=8),
        Panel("Time of a run at the 95th percentile", (
            Query(f"histogram_quantile(0.95, sum by (le, gen_ai_agent_name) (rate({RUNS}_bucket[5m])))", "{{gen_ai_agent_name}}"),
        ), "s", width=8),
        Panel("Runs that failed", (
            Query(f'sum by (gen_ai_agent_name, error_type) (rate({RUNS}_count{{error_type!=""}}[5m]))',
                  "{{gen_ai_agent_name}} {{error_type}}"),
        ), "ops", width=8),
    ))  # fmt: skip


def _tools(label: str) -> Section:
    return Section("Tools and people", (
        Panel("Tool calls", (Query(f"sum by (gen_ai_tool_name) (rate({TOOLS}_count[5m]))", "{{gen_ai_tool_name}}"),), "ops", width=8),
        Panel("Tool calls that failed", (
            Query(f'sum by (gen_ai_tool_name, error_type) (rate({TOOLS}_count{{error_type!=""}}[5m]))',
                  "{{gen_ai_tool_name}} {{error_type}}"),
        ), "ops", width=8),
        Panel("Approvals that wait for a person", (
            CloudWatch("AWS/SQS", ("QueueName",), "ApproximateNumberOfMessagesVisible", f"{label} approvals", "Maximum"),
        ), "short", width=8, steps=((1, "orange"),)),
    ))  # fmt: skip


def _tasks() -> Section:
    requests = (
        "sum by (operation) (rate(service_requests_total[5m])) or sum by (operation) (rate(service_requests[5m]))"
    )
    errors = "sum by (operation) (rate(service_errors_total[5m])) or sum by (operation) (rate(service_errors[5m]))"
    wait = "histogram_quantile(0.95, sum by (le, task_type) (rate(task_latency_bucket[5m])))"
    return Section("Durable execution", (
        Panel("Requests to Temporal", (Query(requests, "{{operation}}"),), "reqps", width=8),
        Panel("Errors of Temporal", (Query(errors, "{{operation}}"),), "reqps", width=8),
        Panel("Task latency at the 95th percentile", (Query(wait, "{{task_type}}"),), "s", width=8),
    ))  # fmt: skip
