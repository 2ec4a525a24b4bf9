"""Readers of files: CSV, images, texts and arrays."""
