"""How an object is written anew in another transfer syntax, never with a loss (PS3.5 10, Annex A)."""
