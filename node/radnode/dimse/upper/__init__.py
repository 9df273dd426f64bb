"""The DICOM upper layer (PS3.8), acceptor's side: one thread an association, blocked on its socket, never polling."""
