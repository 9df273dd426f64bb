"""What one DICOM object says: header, metadata, summary, pixels. No index, no network."""
