"""Fonts of Matplotlib for the characters of other scripts, where they are installed."""

from matplotlib import font_manager

OTHERS = (
    *("Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans SC", "Noto Sans JP", "Noto Sans KR"),
    *("Source Han Sans SC", "WenQuanYi Zen Hei", "WenQuanYi Micro Hei", "Microsoft YaHei"),
    *("SimHei", "PingFang SC", "Hiragino Sans", "Yu Gothic", "Malgun Gothic", "Arial Unicode MS"),
    *("Noto Sans Thai", "Noto Sans Khmer", "Noto Sans Lao", "Noto Sans Myanmar", "Tahoma"),
)


def families(first):
    """Returns names of fonts in which Matplotlib looks for a character one after the other.

    Args:
        first: The one that most text is in, as `"monospace"`.
    """
    installed = set(font_manager.get_font_names())
    return [first, *(name for name in OTHERS if name in installed)]
