"""The register of models and use cases, approvals, budgets and lineage."""
