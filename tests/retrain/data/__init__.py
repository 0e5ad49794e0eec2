"""Tests of `retrain.data`."""
