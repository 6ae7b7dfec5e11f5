"""The strictest posture of HIPAA, PCI DSS and FedRAMP Moderate in practice mode, for components under test."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Callable

    from blueprint.posture_accessors import Strictest
    from blueprint.types import DataClass

VALUES: dict[str, object] = {
    "audit_log_retention_days": 2192, "audit_log_hot_days": 183, "log_immutability": "governance",
    "log_separate_account": True, "log_file_integrity_validation": True, "data_event_logging": True,
    "vpc_flow_logs": "all", "alert_on_security_events": True, "anomaly_detection": True,
    "eks_control_plane_logs": frozenset({"api", "audit", "authenticator", "controllerManager", "scheduler"}),
    "encryption_at_rest": True, "kms_customer_managed_key": True, "kms_rotation_days": 365,
    "kms_key_separation_of_duties": True, "encryption_in_transit": True, "tls_min_version": "1.2",
    "fips_validated_crypto": "require", "eks_secrets_envelope_encryption": True, "data_class_tags": True,
    "sensitive_data_discovery": True, "backup_interval_hours": 24, "backup_retention_days": 35, "backup_copies": 3,
    "backup_encrypted": True, "backup_vault_lock": "governance", "backup_alternate_site": True,
    "restore_test_days": 365, "multi_az": True, "deletion_protection": True, "public_data_access_allowed": False,
    "network_segmentation": "vpc", "default_deny_network": True, "egress_control": "authenticated_proxy",
    "eks_endpoint_access": "private", "waf_on_public_endpoints": True, "intrusion_detection": True,
    "admin_access_path": "brokered", "network_session_disconnect_minutes": 10,
    "mfa_scope": "phishing_resistant_all", "session_idle_minutes": 15, "password_min_length": 14,
    "password_complexity": frozenset({"numeric", "alphabetic"}), "password_history": 4,
    "access_key_max_age_days": 90, "inactive_account_days": 90, "least_privilege_no_wildcards": True,
    "hardening_baseline": "stig", "imdsv2_required": True, "pod_security_level": "restricted",
    "image_scanning": "continuous", "vuln_scan_interval_days": 30, "malware_protection": True,
    "patch_high_days": 30, "file_integrity_interval_days": 7, "config_recorder": True, "posture_management": True,
    "separate_prod_account": "account", "image_signing_required": True, "prompt_logging": "redacted",
    "prompt_log_retention_days": 365, "pii_phi_redaction": True, "card_data_in_prompts_allowed": False,
    "model_access_private_endpoint": True, "model_artifact_integrity": True, "tenant_isolation": "node",
    "resource_exhaustion_limits": True,
}  # fmt: skip


class _Fixed:
    def __getattr__(self, parameter: str) -> Callable[..., object]:
        value = VALUES[parameter]
        return lambda _classes=None, _principal=None: value


def strictest(_classes: frozenset[DataClass]) -> Strictest:
    """Stands in until the posture's accessors are there."""
    return cast("Strictest", _Fixed())
