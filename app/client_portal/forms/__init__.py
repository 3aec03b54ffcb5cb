"""Forms of the client's screens: parsing, storage and display of answers."""
