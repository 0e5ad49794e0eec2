"""Reads what a company already has (chats, mail, calls, FAQ tables) and draws question-answer pairs out of it.

From outside, import `importing`, `imports` and `message`.
"""
