"""Wire types: msgspec structs of exactly the fields that are read or written. No behaviour."""
