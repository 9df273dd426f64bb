"""The families of the table of endpoints: what answers where, who may call it, and all that can come back."""
