"""LoRA fine-tuning of vision-language models: the slices and words of inference."""
