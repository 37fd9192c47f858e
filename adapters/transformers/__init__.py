"""Vision-language models in Transformers: asked about slices, tuned by LoRA."""
