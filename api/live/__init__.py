"""Event streams: the one async room."""
