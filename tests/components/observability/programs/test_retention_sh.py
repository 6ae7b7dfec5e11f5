"""The program that tells tables when to forget, run with a client that answers from a list."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parents[4] / "components" / "observability" / "programs" / "retention.sh"
CLIENT = r"""#!/bin/sh
while [ "$1" != --query ]; do shift; done
echo "$2" >> "$SEEN"
case "$2" in
  *system.tables*) printf '%s\n' $TABLES ;;
  *"table = 'events_full'"*) echo start_time ;;
  *"table = 'scores'"*) echo timestamp ;;
esac
"""


def run(place: Path, tables: str) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    client, seen, secrets = place / "client", place / "seen", place / "secrets"
    client.write_text(CLIENT)
    client.chmod(0o755)
    secrets.mkdir()
    (secrets / "clickhouse-maintenance").write_text("of-the-maintenance-user")
    told = {
        **os.environ, "CLIENT": str(client), "SEEN": str(seen), "SECRETS_FOLDER": str(secrets), "TABLES": tables,
        "RETENTION_DAYS": "400", "CLICKHOUSE_HOST": "clickhouse.tracing.svc", "CLICKHOUSE_PORT": "9440",
        "AUTHORITY": "/etc/authority/ca.crt", "WORK_FOLDER": str(place),
    }  # fmt: skip
    done = subprocess.run(["sh", str(PROGRAM)], env=told, capture_output=True, text=True, check=False)
    return done, [line for line in seen.read_text().splitlines() if line.startswith("ALTER")]


def test_each_table_forgets_by_the_time_that_it_has(tmp_path: Path) -> None:
    done, altered = run(tmp_path, "events_full scores")
    assert done.returncode == 0, done.stderr
    assert altered == [
        "ALTER TABLE default.events_full ON CLUSTER default MODIFY TTL toDateTime(start_time) + INTERVAL 400 DAY",
        "ALTER TABLE default.scores ON CLUSTER default MODIFY TTL toDateTime(timestamp) + INTERVAL 400 DAY",
    ]


def test_a_table_without_a_time_ends_the_job_in_error_after_the_others_were_told(tmp_path: Path) -> None:
    done, altered = run(tmp_path, "strange scores")
    assert (done.returncode, done.stderr.strip()) == (1, "no time to count from: strange")
    assert len(altered) == 1


def test_where_every_table_knows_nothing_is_altered(tmp_path: Path) -> None:
    done, altered = run(tmp_path, "")
    assert (done.returncode, altered) == (0, [])


@pytest.mark.parametrize("part", ["NOT LIKE '%+ toIntervalDay(400)%'", "NOT LIKE '%toIntervalHour(%'"])
def test_tables_that_know_and_tables_that_forget_by_themselves_are_left_alone(tmp_path: Path, part: str) -> None:
    run(tmp_path, "")
    assert part in (tmp_path / "seen").read_text()
