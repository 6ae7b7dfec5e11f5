"""Programs that run in pods, from a ConfigMap: each file stands alone, on its image's own packages."""
