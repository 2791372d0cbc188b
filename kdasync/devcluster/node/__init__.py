"""The node: scheduler and kubelet in one, over a pod runtime."""
