"""What speaks another language than Standard Webhooks: a folder for each."""
