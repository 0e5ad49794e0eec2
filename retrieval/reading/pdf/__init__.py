"""Turns PDF into Markdown: words by their places, lines, columns, tables, paragraphs. `file.read_pdf` is the way in."""
