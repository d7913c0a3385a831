"""Variables that the libraries below would obey unasked."""

import os


def forget() -> None:
    """Take out of the environment what the SDK would take keys, hosts, headers and a log of it all from.

    And where Python would write what decrypts every connection, key and questions in it: SSLKEYLOGFILE, often set for
    a browser, and forgotten. To be called before the SDK is loaded; what we take from the environment was read by then.
    """
    for variable in [name for name in os.environ if name.startswith("OPENAI_") or name == "SSLKEYLOGFILE"]:
        os.environ.pop(variable, None)  # another thread may be at it
