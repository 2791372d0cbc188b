"""Images without a registry: one recipe per app gives the root file system of a local pod and, for a real cluster, an OCI archive."""
