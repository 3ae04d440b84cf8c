"""Texts as vectors: the models, which of them is active, and when it is loaded."""
