"""One service class provider a file."""
