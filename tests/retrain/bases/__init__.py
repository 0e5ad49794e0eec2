"""Base models: one GGUF file each."""
