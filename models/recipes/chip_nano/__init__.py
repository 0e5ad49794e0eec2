"""How models/chip-nano was made, by one command: `python -m models.recipes.chip_nano.recipe`."""
