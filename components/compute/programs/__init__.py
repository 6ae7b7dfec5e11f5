"""Programs that run inside the cluster, from a ConfigMap: each file stands alone, on the image's own packages."""
