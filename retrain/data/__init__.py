"""Turns feedback into versions of the data set: weighs votes, builds and filters lessons, freezes the folder."""
