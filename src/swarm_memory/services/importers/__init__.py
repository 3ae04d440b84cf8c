"""Makes memories of what other programs have kept. Each module reads one kind of source, and changes nothing of it."""
