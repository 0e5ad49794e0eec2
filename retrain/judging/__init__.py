"""What the gate asks, and how it compares two models on it: questions, whole answers, paired statistics."""
