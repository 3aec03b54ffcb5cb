"""Presets: asks saved for reuse, with their roles, reasons and questions."""
