"""`/chip`: what each word does, for whom, and its line in the help."""
