"""Which lines answer a question, in what order, and how sure that is."""
