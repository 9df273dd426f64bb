"""Files and their index. No network."""
