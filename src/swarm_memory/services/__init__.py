"""The rules. A service sees models and stores, never a row, a connection or a protocol type."""
