"""How models/cross-encoder was made."""
