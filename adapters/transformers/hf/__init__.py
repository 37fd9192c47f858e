"""Any vision-language model that transformers loads, by its own processor and its own `generate`."""
