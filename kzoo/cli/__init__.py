"""The command line: one file for each command; app.py is the table of them."""
