"""The only package that speaks to an API server: transport, session, client, watch, exec, events."""
