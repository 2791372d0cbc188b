"""The work queue: client-go's shape (dirty and processing sets) with priorities, ageing and back-off."""
