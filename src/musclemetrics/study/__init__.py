"""The run folder: a study measured, interrupted, resumed, joined and corrected without losing a row."""
