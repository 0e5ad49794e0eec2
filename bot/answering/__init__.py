"""From a message to an answer: is it a question, what is said, checked sentence by sentence, and recorded."""
