"""Configuration of Marquez, rendered from the document; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import yaml

from components.data.database_door import ADDRESS

if TYPE_CHECKING:
    from pydantic import JsonValue

DATABASE = USER = "marquez"
CALLS, ADMIN = 5000, 5001
"""Ports on the pod's loopback: for calls, and for what Marquez tells of itself."""
LOOPBACK = "127.0.0.1"
CLEANS_EVERY_MINUTES = 60


def configuration(days: int | Literal["forever"]) -> str:
    """Marquez answers on the loopback alone, and finds its database there: the doors beside it do the rest.

    Without `dbRetention` Marquez deletes nothing. GraphQL and search are further ways to the same data, and are left off.
    """
    kept: dict[str, JsonValue] = (
        {} if days == "forever" else {"dbRetention": {"frequencyMins": CLEANS_EVERY_MINUTES, "retentionDays": days}}
    )
    document: dict[str, JsonValue] = {
        "server": {
            "applicationConnectors": [
                {"type": "http", "bindHost": LOOPBACK, "port": CALLS, "httpCompliance": "RFC7230_LEGACY"}
            ],
            "adminConnectors": [{"type": "http", "bindHost": LOOPBACK, "port": ADMIN}],
        },
        "db": {
            "driverClass": "org.postgresql.Driver",
            "url": f"jdbc:postgresql://{ADDRESS}/{DATABASE}?sslmode=disable",
            "user": USER,
        },
        "migrateOnStartup": True,
        "graphql": {"enabled": False},
        "search": {"enabled": False},
        "logging": {"level": "INFO", "appenders": [{"type": "console"}]},
        **kept,
    }
    return yaml.safe_dump(document, sort_keys=False)
