"""Texts for people: messages, catalogues by language, and their rendering."""
