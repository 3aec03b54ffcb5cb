"""Fanning events out: who wants them, and a body and a delivery for each."""
