"""Programs that run inside Temporal's pods, from a ConfigMap: each file stands alone, on the image's own packages."""
