"""chatcmd: a console chat for OpenAI-compatible models that counts every token and never loses a word."""

__version__ = "0.1.0"
