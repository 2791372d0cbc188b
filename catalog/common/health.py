# ruff: noqa: INP001, S310 - a program of the setup packages; its URL comes from the start script
"""Exit 0 if GET of the URL answers 200."""

import sys
import urllib.request
from http import HTTPStatus

try:
    with urllib.request.urlopen(sys.argv[1], timeout=3) as answer:
        sys.exit(0 if answer.status == HTTPStatus.OK else 1)
except OSError:
    sys.exit(1)
