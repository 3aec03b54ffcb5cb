"""Calls to addresses that somebody else gave us: public hosts only, bounded in time and size."""
