"""Programs that run inside Marquez's pods, from a ConfigMap: each file stands alone, on the image's own packages."""
