"""The DICOM network: the only rooms that import pynetdicom."""
