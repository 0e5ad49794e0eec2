"""Tickets: the card in the staff channel, the answer that is carried back, and reminders. `desk` is the way in."""
