"""The command line: composes all layers."""
