"""Base models: one GGUF file each, its training form, its adapters' form, and where an installation keeps them."""
