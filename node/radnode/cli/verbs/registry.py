"""`radnode registry`: `.dicom_registry.json`, as the guide describes it."""

import argparse
import json
import sys
from pathlib import Path

from radnode.archive.registry import FILE_NAME, export_registry, import_registry
from radnode.cli.loading import Loaded
from radnode.cli.options import Parser
from radnode.cli.refusal import Refused
from radnode.cli.storage import existing

ABOUT = f"""\
Export writes <archive.root>/{FILE_NAME} with one entry for each object; import reads it and gives original file names
back to objects that have none, which is what a rebuild of the index from the files alone does not know."""
EXAMPLES = """\
  radnode registry export
  radnode registry import
  radnode registry import --file backup/registry.json --json"""


def arguments(parser: Parser) -> None:
    """Which way."""
    parser.add_argument("way", metavar="export|import", choices=("export", "import"))
    parser.add_argument("--file", type=Path, help=f"import from this file (default: {FILE_NAME} in the storage folder)")
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(args: argparse.Namespace, loaded: Loaded) -> int:
    """Print how many entries there were."""
    root = existing(loaded.settings.archive.root)
    if args.way == "export":
        if args.file is not None:
            raise Refused("--file: is for import; export writes into the storage folder")
        counts = {"entries": export_registry(root)}
    else:
        done = import_registry(root, args.file)
        counts = {"entries": done.entries, "named": done.named}
    words = json.dumps(counts) if args.json else ", ".join(f"{count} {name}" for name, count in counts.items())
    sys.stdout.write(words + "\n")
    return 0
