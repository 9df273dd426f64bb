"""`python -m radnode` is `radnode`."""

import sys

from radnode.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
