"""LLaMA 3.2 Vision (Mllama) in Transformers: asked about slices, tuned by LoRA."""
