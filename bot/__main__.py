"""`python -m bot` is the same as `chip`."""

from bot.cli import main

main()
