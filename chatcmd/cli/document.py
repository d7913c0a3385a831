"""JSON on standard output: one document, readable, and safe for a terminal."""

import json
import sys

from chatcmd.clean import clean


def write_document(document: object) -> None:
    """Print JSON as readable as is safe: with anything a terminal may take for a command, all of it in ASCII."""
    text = json.dumps(document, ensure_ascii=False, indent=2)
    try:
        safe = clean(text).encode(sys.stdout.encoding) == text.encode(sys.stdout.encoding)
    except UnicodeEncodeError:
        safe = False
    sys.stdout.write((text if safe else json.dumps(document, indent=2)) + "\n")
    sys.stdout.flush()
