"""One group of endpoints a file."""
