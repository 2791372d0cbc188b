"""What is refused, filled in, or warned of when somebody writes an app, a cluster, the global config or a claim."""
