"""A candidate that answers a share of the conversations beside what serves, and what that shows about it."""
