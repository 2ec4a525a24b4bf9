"""What is asked of a model; all that differs between tasks is here."""
