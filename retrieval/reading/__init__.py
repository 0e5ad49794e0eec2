"""Reading: from the bytes of a file, in any format, to documents and their passages."""
