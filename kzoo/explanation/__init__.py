"""Where a model looked, and whether it needs what it looked at."""
