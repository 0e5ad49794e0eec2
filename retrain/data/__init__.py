"""From what people said to a data set version: what a vote means, what is left out, and the frozen folder."""
