"""Control images, on which a backend is run again, and the expected movement of its answers."""
