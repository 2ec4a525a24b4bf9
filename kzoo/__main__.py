"""The program `kzoo`, also as `python -m kzoo`: Ctrl-C ends it quietly, while it starts too."""

try:
    from kzoo.cli.app import main
except KeyboardInterrupt:
    raise SystemExit(130) from None

if __name__ == "__main__":
    main()
