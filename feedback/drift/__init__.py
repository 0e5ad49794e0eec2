"""Tells whether questions and the quality of answers have changed. Knows numbers and rows, nothing of what follows."""
