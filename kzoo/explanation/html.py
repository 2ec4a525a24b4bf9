"""Texts as HTML, their words coloured by weight."""

import html

from kzoo.explanation.figures import RGB, caption_color, opacity

STYLE = "max-width:50em;padding:1em;font-family:sans-serif;color:#222;background:white"


def attention_html(examples):
    """Returns texts as HTML, their words coloured by weight.

    Args:
        examples: List of `Example` of kind `"text"`. The layer nearest to the logits is shown, the
            others, and the heads of each, on a click.
    """
    parts = []
    for example in examples:
        caption = html.escape(example.caption)
        parts.append(f"<h4 style='color:{caption_color(example)}'>{caption}</h4>")
        paragraphs = []
        for name, scores in reversed(example.scores.items()):
            paragraphs.append(_paragraph(name, example.positions, scores.mean(axis=0)))
            for i, head in enumerate(scores if len(scores) > 1 else [], start=1):
                paragraphs.append(_paragraph(f"{name} {i}", example.positions, head))
        first, *others = paragraphs
        parts.append(first)
        if others:
            summary = "<summary>other layers and heads</summary>"
            parts.append(f"<details>{summary}{''.join(others)}</details>")
    return f"<div style='{STYLE}'>{''.join(parts)}</div>"


def _paragraph(name, words, weights):
    red, green, blue = RGB
    spans = (
        f"<span title='{weight:.1%}' style='background:rgba({red},{green},{blue},"
        f"{alpha:.2f});padding:1px 2px'>{html.escape(word)}</span>"
        for word, weight, alpha in zip(words, weights, opacity(weights), strict=True)
    )
    note = f"<small>{html.escape(name)}, darkest: {weights.max():.1%}</small>"
    return f"<p style='line-height:1.7'>{note}<br>{' '.join(spans)}</p>"
