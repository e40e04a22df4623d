"""Benchmarks: ratios to the named peer, measured in one run; not part of the ordinary tests."""
