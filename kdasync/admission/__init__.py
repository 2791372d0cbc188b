"""Defaults and rules for the custom resources: pure functions, used by the webhook and by reconcile."""
