"""Public and invented data that recipes and benchmarks read."""
