"""Metrics, logging and probes."""
