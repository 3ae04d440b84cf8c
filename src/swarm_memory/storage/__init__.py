"""All SQL. One interface, ``database.Database``: read from the nearest copy, write one atomic batch."""
