"""`radnode token`: an access token for the REST API."""

import argparse
import re
import sys

from radnode.cli.loading import Loaded
from radnode.cli.options import Parser
from radnode.cli.refusal import Refused, shown
from radnode.cli.storage import prepare
from radnode_http.signing_keys import BadKey, load_key
from radnode_http.tokens import mint

ABOUT = """\
Make an access token for the REST API, signed with auth.secret or, where that is not set, with the secret that the
node keeps in the storage folder. Standard output gets the token and nothing else.
Scopes: dicom:read, dicom:write (upload), dicom:delete, dicom:admin (all of them, and /metrics)."""
EXAMPLES = """\
  radnode token --subject reporting-app --scope "dicom:read dicom:write" --ttl 8h
  TOKEN=$(radnode token --subject me --scope dicom:read)
  curl -H "Authorization: Bearer $TOKEN" http://localhost:8000/api/dicom/list"""

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
LONGEST = 3650 * UNITS["d"]


def arguments(parser: Parser) -> None:
    """Who, what and for how long."""
    parser.add_argument("--subject", required=True, metavar="NAME", help="who the token is for; it appears in the log")
    parser.add_argument("--scope", default="dicom:read", help='what it allows (default "dicom:read")')
    parser.add_argument("--ttl", default="8h", metavar="TIME", help="how long: 90s, 30m, 8h or 7d (default 8h)")


def run(args: argparse.Namespace, loaded: Loaded) -> int:
    """Print the token."""
    settings = loaded.settings
    seconds = lifetime(args.ttl)
    if not args.subject.strip():
        raise Refused("--subject: must name who the token is for")
    uses_kept_secret = settings.auth.algorithm == "HS256" and settings.auth.secret is None
    root = prepare(settings.archive.root) if uses_kept_secret else settings.archive.root
    try:
        key = load_key(settings.auth, root / ".radnode")
        token = mint(settings.auth, key, subject=args.subject, scope=args.scope, ttl=seconds)
    except BadKey as error:
        raise Refused(str(error)) from error
    except ValueError as error:
        raise Refused(f"--scope {shown(args.scope)}: {error}") from error
    sys.stdout.write(token + "\n")
    return 0


def lifetime(text: str) -> int:
    """Seconds in `90s`, `30m`, `8h`, `7d` or plain seconds. Raises Refused."""
    found = re.fullmatch(r"([0-9]{1,10})([smhd]?)", text.strip())
    seconds = int(found[1]) * UNITS[found[2] or "s"] if found else 0
    if not 0 < seconds <= LONGEST:
        raise Refused(f"--ttl {shown(text)}: must be a time such as 90s, 30m, 8h or 7d, at most 3650d")
    return seconds
