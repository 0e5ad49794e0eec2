"""Turns a message into an answer: recognises questions, says the answer sentence by sentence, checks and records it."""
