"""Programs that run beside the catalogue, from a ConfigMap: each file stands alone, on the image's own packages."""
