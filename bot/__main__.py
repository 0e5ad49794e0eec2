"""`python -m bot` is the same as `chip`."""

from bot.cli.main import main

main()
