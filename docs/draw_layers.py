"""Draws the pictures of docs/layers.md: what real layers attend to, on examples of a few numbers.

    python docs/draw_layers.py

Each layer is trained for seconds where its weights have to be learned first.
"""

import io
from pathlib import Path

import keras
import numpy as np
from keras import ops
from matplotlib.figure import Figure
from PIL import Image
from sklearn.datasets import load_digits

from kzoo.layers import (
    Attention,
    DenseAttentionFusion,
    ParallelAttention,
    PositionalEncoding,
    SegmentAttention,
    SequentialAttention,
    SimilarityAttention,
)

FOLDER = Path(__file__).parent
BLUE, GREY, RED = "#4477aa", "#bbbbbb", "#cc6677"


def draw_attention():
    """Self-attention that was trained to reverse a word, then causal, then with padding."""
    letters, word = 26, "attention"
    time = len(word)
    tokens = keras.Input((time,), dtype="int32")
    x = PositionalEncoding("learned")(keras.layers.Embedding(letters, 32)(tokens))
    attention = Attention(output_projection=False, score="scaled_dot")
    y, scores = attention(x, return_attention_scores=True)
    model = keras.Model(tokens, keras.layers.Dense(letters)(y))
    words = np.random.default_rng(0).integers(0, letters, (8192, time))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    train(model, words, words[:, ::-1], loss, epochs=12)
    reversing = run(keras.Model(tokens, scores), [[ord(letter) - ord("a") for letter in word]])

    x = np.random.default_rng(4).normal(size=(1, time, 8))
    mask = np.array([[True] * 6 + [False] * 3])
    causal, padded = (
        ops.convert_to_numpy(Attention()(x, return_attention_scores=True, **options)[1])
        for options in ({"causal": True}, {"mask": mask})
    )
    figure = Figure(figsize=(9, 3.3), layout="constrained")
    axes = figure.subplots(1, 3)
    draw_map(axes[0], reversing[0, 0], "trained to write the word backwards", word)
    draw_map(axes[1], causal[0, 0], "causal=True, untrained")
    draw_map(axes[2], padded[0, 0], "mask: the last three are padding")
    for one in axes:
        one.set(xlabel="key", ylabel="query")
    save(figure, "layers_attention.png")


def draw_sequential_attention():
    """Pooling that was trained to add two marked numbers."""
    time = 12
    numbers = np.random.default_rng(0).uniform(0, 1, (8192, time))
    marks = np.zeros_like(numbers)
    first, second = (
        np.random.default_rng(1).permuted(np.tile(np.arange(time), (8192, 1)), axis=1)[:, :2].T
    )
    marks[np.arange(8192), first] = marks[np.arange(8192), second] = 1
    inputs = keras.Input((time, 2))
    y, scores = SequentialAttention(32, 1)(inputs, return_attention_scores=True)
    x = np.stack([numbers, marks], axis=-1)
    model = keras.Model(inputs, y)
    train(model, x, (numbers * marks).sum(axis=1), "mse", epochs=20)

    shown = np.flatnonzero((numbers * marks).sum(axis=1) > 1)[0]
    weights = run(keras.Model(inputs, scores), x[[shown]])[0]
    answer = run(model, x[[shown]])[0, 0]
    numbers, marks = numbers[shown], marks[shown]
    figure = Figure(figsize=(9, 3.2), layout="constrained")
    top, bottom = figure.subplots(2, 1, sharex=True)
    colors = [RED if mark else GREY for mark in marks]
    top.bar(range(time), numbers, color=colors)
    for position in np.flatnonzero(marks):
        top.text(position, numbers[position], f"{numbers[position]:.2f}", ha="center", va="bottom")
    top.set(ylabel="number", ylim=(0, 1.25))
    total = (numbers * marks).sum()
    top.set_title(f"Add the two marked (red) numbers: {total:.2f}; the layer says {answer:.2f}")
    bottom.bar(range(time), weights, color=BLUE)
    bottom.set(ylabel="weight a", xlabel="position", xticks=range(time), ylim=(0, 0.6))
    for one in (top, bottom):
        one.spines[["top", "right"]].set_visible(False)
    save(figure, "layers_sequential_attention.png")


def draw_parallel_attention():
    """Glimpses at a handwritten digit, trained to tell the digits."""
    images, labels = load_digits(return_X_y=True)
    images = images.reshape(-1, 8, 8, 1).astype("float32") / 16
    inputs = keras.Input((8, 8, 1))
    x = keras.layers.Conv2D(32, 3, padding="same", activation="relu")(inputs)
    x = PositionalEncoding("learned")(x)
    y, scores = ParallelAttention(4, 32)(x, return_attention_scores=True)
    model = keras.Model(inputs, keras.layers.Dense(10)(keras.layers.Flatten()(y)))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    train(model, images[100:], labels[100:], loss, epochs=40)

    weights = run(keras.Model(inputs, scores), images)
    rows = [(images[i], weights[i]) for i in (3, 4)] + [(images.mean(axis=0), weights.mean(axis=0))]
    figure = Figure(figsize=(9, 5.5), layout="constrained")
    axes = figure.subplots(3, 5)
    for row, (image, glimpses) in zip(axes, rows, strict=True):
        for one in row:  # the digit is paler where a glimpse is drawn over it
            darkest = image.max() * (1 if one is row[0] else 2.5)
            one.imshow(image[..., 0], cmap="gray_r", vmin=0, vmax=darkest, interpolation="bilinear")
        for one, glimpse in zip(row[1:], glimpses, strict=True):
            alpha = np.clip(glimpse / glimpse.max(), 0, 1)
            red = np.broadcast_to([0.75, 0.1, 0.15], (8, 8, 3))
            one.imshow(np.dstack([red, 0.9 * alpha]), interpolation="bilinear")
    for row, label in zip(axes, ["a 3", "a 4", "mean of all"], strict=True):
        row[0].set_ylabel(label)
    for one, title in zip(axes[0], ["digit", *[f"glimpse {i + 1}" for i in range(4)]], strict=True):
        one.set_title(title)
    for one in axes.flat:
        one.set(xticks=[], yticks=[])
    save(figure, "layers_parallel_attention.png")


def draw_similarity_attention():
    """Nine arrows, of which six point almost the same way."""
    generator = np.random.default_rng(5)
    angles = np.radians([20, 150, 28, 15, 250, 24, 33, 300, 18]) + generator.normal(0, 0.02, 9)
    x = np.stack([np.cos(angles), np.sin(angles)], axis=-1)[None]
    layer = SimilarityAttention("cosine")
    layer.build(x.shape)
    for weight in layer.weights:
        weight.assign(ops.zeros_like(weight))  # alpha is the same for all pairs
    _, weights = layer(x, return_attention_scores=True)
    similarities = x[0] @ x[0].T
    figure = Figure(figsize=(9, 3.2), layout="constrained")
    arrows, middle, right = figure.subplots(1, 3)
    for position, (across, up) in enumerate(x[0]):
        color = BLUE if up > 0 and across > 0 else RED
        arrows.annotate(
            "", (across, up), (0, 0), arrowprops={"arrowstyle": "->", "color": color, "lw": 1.5}
        )
        if color == RED:
            arrows.text(1.2 * across, 1.2 * up, str(position), ha="center", va="center")
    arrows.set(xlim=(-1.4, 1.4), ylim=(-1.4, 1.4), aspect="equal", title="the elements x")
    arrows.axis("off")
    middle.imshow(similarities, cmap="RdBu", vmin=-1, vmax=1)
    middle.set(title="similarities s (blue: alike)", xticks=range(9), yticks=range(9))
    colors = [BLUE if up > 0 and across > 0 else RED for across, up in x[0]]
    right.bar(range(9), ops.convert_to_numpy(weights)[0], color=colors)
    arrows.text(1.15, 0.75, "the rest", color=BLUE, ha="center")
    right.set(title="weights w", xlabel="element", xticks=range(9))
    right.spines[["top", "right"]].set_visible(False)
    save(figure, "layers_similarity_attention.png")


def draw_segment_attention():
    """Who sees whom in segments of four, and four elements becoming one."""
    time, length = 14, 4
    x = np.random.default_rng(4).normal(size=(1, time, 8))
    _, scores = SegmentAttention(length)(x, return_attention_scores=True)
    whole = np.zeros((16, 16))
    for segment, weights in enumerate(ops.convert_to_numpy(scores)[0, :, 0]):
        part = slice(segment * length, (segment + 1) * length)
        whole[part, part] = weights
    _, pooled = SegmentAttention(length, pool=True)(x, return_attention_scores=True)
    weights = np.zeros((4, 16))
    for segment, row in enumerate(ops.convert_to_numpy(pooled)[0]):
        weights[segment, segment * length : (segment + 1) * length] = row
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    draw_map(left, whole[:time, :time], "SegmentAttention(4): 14 elements stay 14")
    left.set(xlabel="key", ylabel="query")
    draw_map(right, weights[:, :time], "SegmentAttention(4, pool=True): 14 become 4")
    right.set(xlabel="element", ylabel="segment")
    save(figure, "layers_segment_attention.png")


def draw_dense_attention_fusion():
    """Attention that was trained to tell every element the number of the marked one."""
    time = 8
    generator = np.random.default_rng(0)
    numbers, marked = generator.uniform(0, 1, (8192, time)), generator.integers(0, time, 8192)
    x = np.stack([numbers, np.eye(time)[marked]], axis=-1)
    target = np.tile(numbers[np.arange(8192), marked][:, None, None], (1, time, 1))
    inputs = keras.Input((time, 2))
    y, scores = DenseAttentionFusion(16)(inputs, return_attention_scores=True)
    model = keras.Model(inputs, keras.layers.Dense(1)(y))
    train(model, x, target, "mse", epochs=20)
    weights = run(keras.Model(inputs, scores), x[:3])
    figure = Figure(figsize=(9, 3.3), layout="constrained")
    for one, weight, position in zip(figure.subplots(1, 3), weights, marked, strict=False):
        draw_map(one, weight, f"element {position} is marked")
        one.get_xticklabels()[position].set(color=RED, weight="bold")
        one.set(xlabel="key", ylabel="query")
    save(figure, "layers_dense_attention_fusion.png")


def draw_positional_encoding():
    """The encodings of 64 positions, and how alike they are."""
    table = ops.convert_to_numpy(PositionalEncoding()(np.zeros((1, 64, 32))))[0]
    image = ops.convert_to_numpy(PositionalEncoding()(np.zeros((1, 16, 16, 32))))[0]
    likeness = image.reshape(256, 32) @ image[5, 9] / (image[5, 9] @ image[5, 9])
    figure = Figure(figsize=(9, 3.2), layout="constrained")
    axes = figure.subplots(1, 3)
    axes[0].imshow(table.T, cmap="RdBu", aspect="auto")
    axes[0].set(title="one axis: what is added", xlabel="position", ylabel="feature")
    axes[1].imshow(table @ table.T, cmap="Blues")
    axes[1].set(title="near positions are alike", xlabel="position", ylabel="position")
    axes[2].imshow(likeness.reshape(16, 16), cmap="Blues")
    axes[2].plot(9, 5, "x", color="white")
    axes[2].set(title="two axes: alike to the x", xlabel="column", ylabel="row")
    save(figure, "layers_positional_encoding.png")


def train(model, x, y, loss, epochs):
    model.compile(keras.optimizers.Adam(0.01), loss)
    history = model.fit(x, y, batch_size=128, epochs=epochs, verbose=0)
    print(f"{model.name}: loss {history.history['loss'][-1]:.4f}")


def run(model, x):
    return model.predict(np.asarray(x), verbose=0)


def draw_map(axes, weights, title, names=None):
    axes.imshow(weights, cmap="Blues", vmin=0, vmax=weights.max())
    rows, columns = map(range, weights.shape)
    axes.set_xticks(columns, names or columns)
    axes.set_yticks(rows, names or rows)
    axes.set_title(title, fontsize=11)


def save(figure, name):
    """Writes a PNG of 256 colours, which keeps the pictures small."""
    buffer = io.BytesIO()
    figure.savefig(buffer, dpi=120)
    Image.open(buffer).convert("RGB").quantize(256).save(FOLDER / name, optimize=True)


if __name__ == "__main__":
    for draw in (
        draw_attention,
        draw_sequential_attention,
        draw_parallel_attention,
        draw_similarity_attention,
        draw_segment_attention,
        draw_dense_attention_fusion,
        draw_positional_encoding,
    ):
        keras.utils.set_random_seed(0)
        draw()
