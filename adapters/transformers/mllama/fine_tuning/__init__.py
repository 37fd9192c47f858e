"""LoRA fine-tuning of Mllama on Transformers' Trainer."""
