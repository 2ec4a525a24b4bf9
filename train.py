"""Trains the model of a YAML file: python train.py --config configs/digits_cnn_attention.yaml."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # what TensorFlow has to say of the machine

from kzoo.cli import train_main  # noqa: E402

if __name__ == "__main__":
    train_main()
