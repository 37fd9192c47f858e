"""LLaMA 3.2 Vision (Mllama): its own engine, which encodes a picture once for all questions."""
