"""Pod runtimes of devcluster's node: `process` (real processes in namespaces) and `simulated` (no processes)."""
