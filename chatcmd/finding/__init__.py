"""Finding saved sessions, and what was said in them: choices to pick from, and pages of hits."""
