"""Programs that run inside pods of this layer, from a ConfigMap: each file stands alone, on the image's own packages."""
