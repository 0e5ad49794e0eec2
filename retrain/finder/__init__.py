"""What the finder learns from feedback: which words of customers mean which words of the documents."""
