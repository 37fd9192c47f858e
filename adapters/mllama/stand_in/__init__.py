"""The stand-in: tiny weights of the same architecture, not LLaMA."""
