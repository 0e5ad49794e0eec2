"""The neural encoders behind their ports: sentence embeddings, cross-encoder, entailment."""
