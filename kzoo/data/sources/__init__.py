"""One file for each data set function: it reads a format, and nothing else."""
