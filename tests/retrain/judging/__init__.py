"""Tests of `retrain.judging`."""
