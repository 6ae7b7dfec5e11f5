"""Programs that run inside the gateway's pods, from a ConfigMap: each file stands alone, on the image's own packages."""
