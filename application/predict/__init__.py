"""Ask a backend about one study."""
