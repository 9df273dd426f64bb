"""The REST sidecar."""
