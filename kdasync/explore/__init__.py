"""Walks over every reachable combination of machines and world: no state is a trap, no rule is ever broken."""
