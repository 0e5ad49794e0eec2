"""Reads English text: sentences, lines, names, numbers, dates, facts and meanings."""
