"""The history looked through for damage, and mended on copies: nothing that stands there is lost by it."""
