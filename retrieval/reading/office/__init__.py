"""Turns office files into Markdown: Word, PowerPoint and Excel, as each program shows them."""
