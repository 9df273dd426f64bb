"""On what the numbers were measured, in one line and as data."""

import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path


def describe(folder: Path) -> dict[str, str]:
    """Processor, cores, file system of `folder`, versions, commit and date."""
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": _said("git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty"),
        "processor": _processor(),
        "cores": str(len(os.sched_getaffinity(0))),
        "file system": _said("stat", "-f", "-c", "%T", str(folder)),
        "Python": platform.python_version(),
        "DCMTK": _said("storescu", "--version").partition(" v")[2].partition(" ")[0],
        "Orthanc": _said("/usr/sbin/Orthanc", "--version").removeprefix("Orthanc "),
        "load before": f"{os.getloadavg()[0]:.1f}",
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _said(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)
    except OSError:
        return "-"
    return (done.stdout.splitlines() or ["-"])[0]
