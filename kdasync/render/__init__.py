"""Pure: app, spec and config become StatefulSets, Services and claims. One file per kind."""
