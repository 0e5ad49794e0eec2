"""What is kept of the documents: catalogue, vectors, words, versions, and the index over them."""
