"""Frozen values that the inner layers share. Nothing here reads, writes or knows a protocol."""
