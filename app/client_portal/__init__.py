"""The client's pages: one calm screen after another, from the link to the receipt."""
