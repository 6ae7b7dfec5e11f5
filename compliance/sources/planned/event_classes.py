"""Which classes of audit events a trail and a detector record, from what AWS documents of their records, 2026-11-20.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-events.html
https://docs.aws.amazon.com/guardduty/latest/ug/runtime-monitoring-collected-events.html
"""

from __future__ import annotations

MANAGEMENT = frozenset(
    {
        *("administrative_action", "account_management", "policy_change", "permission_change", "privilege_use"),
        *("credential_change", "logon", "failed_access", "log_stop_start", "object_change", "system_event"),
        *("authentication_check", "authorization_check"),
    }
)
"""Calls that change or read configuration, sign-in, and refused calls."""

DATA = frozenset({"object_access", "data_access", "data_change", "data_deletion", "log_access"})
"""Reads and writes of objects, those of the log archive among them."""

RUNTIME = frozenset({"process_tracking"})
"""Processes on nodes and in containers, watched by GuardDuty's runtime monitoring."""

RUNTIME_FEATURE = "RUNTIME_MONITORING"
