"""Deciding: what to do next and what an ask has come to, from what is wanted, seen and tried. Pure."""
