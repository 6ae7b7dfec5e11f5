"""Marquez's configuration."""

from __future__ import annotations

import yaml

from components.governance.marquez_config import configuration


def test_marquez_answers_on_the_loopback_alone_and_finds_its_database_there() -> None:
    told = yaml.safe_load(configuration(30))
    assert [(each["bindHost"], each["port"]) for kind in ("applicationConnectors", "adminConnectors")
            for each in told["server"][kind]] == [("127.0.0.1", 5000), ("127.0.0.1", 5001)]  # fmt: skip
    assert told["db"] == {
        "driverClass": "org.postgresql.Driver", "url": "jdbc:postgresql://127.0.0.1:5432/marquez?sslmode=disable",
        "user": "marquez",
    }  # fmt: skip


def test_lineage_is_deleted_after_its_days_and_never_when_it_is_kept_forever() -> None:
    assert yaml.safe_load(configuration(3650))["dbRetention"] == {"frequencyMins": 60, "retentionDays": 3650}
    assert "dbRetention" not in yaml.safe_load(configuration("forever"))


def test_further_ways_to_the_same_data_are_off() -> None:
    told = yaml.safe_load(configuration(30))
    assert (told["graphql"], told["search"]) == ({"enabled": False}, {"enabled": False})
