"""LoRA fine-tuning of Mllama: the slices and words of inference, on Transformers' Trainer."""
