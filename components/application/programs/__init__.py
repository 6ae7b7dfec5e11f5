"""Programs that run as functions of the private way in: each file stands alone, on the runtime of Lambda."""
