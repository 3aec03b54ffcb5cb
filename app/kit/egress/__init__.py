"""Calls to addresses that agencies enter: public hosts only, bounded in time and size."""
