"""How the pixel data of a frame becomes stored values (PS3.5 8, Annex A; PS3.3 C.7.6.3)."""
