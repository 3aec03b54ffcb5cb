"""The e-mails about a link: to whom, saying what, in whose name."""
