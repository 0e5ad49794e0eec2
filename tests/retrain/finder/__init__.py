"""Tests of `retrain.finder`."""
