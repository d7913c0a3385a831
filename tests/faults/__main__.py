"""Play the whole matrix, each program started from nothing, and write tests/FAULTS.md.

python -m tests.faults [OPTION OF PYTEST ...]
"""

import sys

import pytest

if __name__ == "__main__":
    sys.exit(pytest.main(["-m", "faults", "--cold", "-p", "tests.faults.report", *sys.argv[1:]]))
