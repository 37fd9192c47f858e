"""Vision-language models behind an OpenAI-compatible server, on this machine or far away."""
