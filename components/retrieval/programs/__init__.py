"""Programs that run in the pods of stores, mounted from a ConfigMap under the very names they have here.

They stand on the standard library, urllib3, botocore and, where they say so, on what else LiteLLM's image holds.
"""
