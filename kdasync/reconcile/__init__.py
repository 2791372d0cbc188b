"""observe, decide, perform: from stores to a frozen snapshot, to a plan, to idempotent calls."""
