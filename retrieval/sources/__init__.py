"""Where documents come from and in which formats. Knows nothing of passages, indexes or search."""
