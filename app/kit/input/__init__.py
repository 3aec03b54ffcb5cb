"""What comes in as JSON or in an address: the shapes of fields, and sentences for what does not fit."""
