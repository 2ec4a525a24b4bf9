"""What somebody who mistyped a name may have meant."""

import difflib


def nearest(name, known, prefix="", suffix=""):
    """Returns `" Did you mean ...?"`, or `""` where none of the known names is like it.

    Args:
        name: What was given.
        known: The names there are.
        prefix: What is shown before the name that is like it.
        suffix: What is shown behind it.
    """
    matches = difflib.get_close_matches(str(name), list(known), n=1)
    return f" Did you mean {prefix}{matches[0]}{suffix}?" if matches else ""
