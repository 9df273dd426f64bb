"""Lets a script run in the environment of scripts/venv, whatever interpreter started it."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_PYTHON = ROOT / ".venv" / "bin" / "python"


def enter() -> None:
    """Start the script again by .venv's interpreter, if there is one and this is another."""
    if Path(sys.prefix) != _PYTHON.parent.parent and _PYTHON.exists():
        os.execv(_PYTHON, [str(_PYTHON), *sys.argv])
