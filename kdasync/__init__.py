"""kdasync: any stateful scale-out application on Kubernetes, each cluster and member an explicit state machine."""
