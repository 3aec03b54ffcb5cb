"""`python -m app.cli`: the command `keyturn`."""

from app.cli.main import main

main()
