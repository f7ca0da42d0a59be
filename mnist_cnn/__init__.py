"""Reads handwritten digits, and shows why."""
