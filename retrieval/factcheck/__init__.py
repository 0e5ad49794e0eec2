"""Whether the evidence supports a sentence, and whether a quote is one."""
