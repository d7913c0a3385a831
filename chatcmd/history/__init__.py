"""The disk's side: journals of live sessions, saved sessions, and the library of both."""
