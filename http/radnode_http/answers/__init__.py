"""The bodies of answers as typed models, a family a file."""
