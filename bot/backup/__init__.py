"""Back-ups of a data folder: made while Chip runs, verified, put back. `bot.cli.backup` is their way in."""
