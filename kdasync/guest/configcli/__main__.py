"""`python -m configcli PROGRAM WORDS...`, as the installed stub calls it."""

import sys

from .program import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
