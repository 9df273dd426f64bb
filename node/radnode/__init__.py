"""radnode: a DICOM network node with a REST sidecar."""

from importlib.metadata import version

__version__ = version("radnode")
