"""Facts from a resource graph: what is planned, or was deployed, as the engine is told."""
