"""What a controller manager does, as far as devcluster needs it: one file per controller, each a client of the API server."""
