"""Tables of every format: from cells, however they are written, to lines that a person can read and quote."""
