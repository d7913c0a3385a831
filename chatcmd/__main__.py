"""`python -m chatcmd` is `chatcmd`."""

import sys

from chatcmd.cli import main

sys.exit(main())
