"""The in-guest helper."""
