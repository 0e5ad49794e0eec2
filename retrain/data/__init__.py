"""From what people said to a version of the data set: what a vote means, what is left out, the frozen folder."""
