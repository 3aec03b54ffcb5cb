"""Presets: access requests saved for reuse, with their roles, reasons and questions."""
