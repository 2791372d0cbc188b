"""An in-process Kubernetes for people without a cluster, for fast tests and for the simulator."""
