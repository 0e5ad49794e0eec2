"""The weights that ship, each with its card, and the recipes that made them. No product code."""
