"""Typed object stores, their indexes, and the informers that fill them."""
