"""The state machines: declarative tables and a pure step. Imports only the standard library and transitions."""
