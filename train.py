"""Trains the model of a YAML file: python train.py --config configs/digits_cnn_attention.yaml."""

try:
    from kzoo.cli.app import train_main
except KeyboardInterrupt:
    raise SystemExit(130) from None

if __name__ == "__main__":
    train_main()
