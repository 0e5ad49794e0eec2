"""What is asked: a follow-up made standalone, a question made impersonal, small talk told apart."""
