"""What English text is made of: sentences, lines, numbers, dates, facts and meanings."""
