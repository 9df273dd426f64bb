"""De-identification of one object by PS3.15 Annex E; `deidentify.py` is the face."""
