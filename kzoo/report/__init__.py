"""What a run tells: its card and its figures."""
