"""The DICOM network: the only room that imports pynetdicom."""
