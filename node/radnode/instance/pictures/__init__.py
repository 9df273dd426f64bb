"""How stored values become a picture (PS3.4 N.2), and the process that makes it."""
