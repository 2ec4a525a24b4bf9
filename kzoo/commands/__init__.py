"""What each command of `kzoo` does; kzoo/cli.py is the table of them."""
