"""On what the numbers were measured, in one line and as data."""

import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.programs import find_program


def describe(folder: Path) -> dict[str, str]:
    """Processor, cores, file system of `folder`, versions, commit and date."""
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": _said("git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty"),
        "processor": _processor(),
        "cores": str(len(os.sched_getaffinity(0))),
        "file system": _said("df", "--output=fstype", str(folder), line=1),
        "Python": platform.python_version(),
        "DCMTK": _said(find_program("storescu") or "storescu", "--version").partition(" v")[2].partition(" ")[0],
        "Orthanc": _said(find_program("Orthanc") or "Orthanc", "--version").rpartition(" ")[2],
        "load before": f"{os.getloadavg()[0]:.1f}",
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _said(*command: str, line: int = 0) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)
    except OSError:
        return "-"
    lines = done.stdout.splitlines()
    return lines[line].strip() if line < len(lines) else "-"
