"""Reads what a person asks: completes follow-ups, removes who asks, tells small talk from questions."""
