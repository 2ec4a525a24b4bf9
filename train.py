"""Trains the model of a YAML file: python train.py --config configs/digits_cnn_attention.yaml."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # TensorFlow's notes on the processor

try:
    from kzoo.cli import train_main
except KeyboardInterrupt:  # this takes a while
    raise SystemExit(130) from None

if __name__ == "__main__":
    train_main()
