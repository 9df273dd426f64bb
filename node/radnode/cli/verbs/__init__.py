"""The verbs of `radnode`, one a file: what each takes, and what it does."""
