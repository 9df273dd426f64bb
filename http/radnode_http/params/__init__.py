"""What requests may ask for, as typed models that validate and document, a family a file."""
