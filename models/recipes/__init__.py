"""What made the weights that ship. Not part of the wheel."""
