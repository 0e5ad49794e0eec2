"""Decides whether the evidence supports a sentence, and whether a text is a quote."""
