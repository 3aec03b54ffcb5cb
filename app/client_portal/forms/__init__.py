"""What clients answer: read from forms, kept, and shown again."""
