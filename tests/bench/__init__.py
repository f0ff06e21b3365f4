"""Workloads of the quality page, driven through the gateway by the public API."""
