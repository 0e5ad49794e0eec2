"""Listeners for what is asked: messages, edits, Stop, handed-over threads, and what a kill left of an answer."""
