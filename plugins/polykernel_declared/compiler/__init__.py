"""Compiled languages, by declaration (``docs/compiled.md``)."""
