"""Checks against certified and published values; each module runs by itself and prints its table."""
