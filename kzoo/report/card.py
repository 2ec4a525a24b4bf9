"""The page that tells what a run was and what came out."""

TEMPLATE = """\
# {name}

{headline}, after {train_seconds:.0f} s of training.

    python train.py --config config.yaml

| | |
|---|---|
| model | {model}, {parameters:,} parameters |
| data | {data}: {task} |
{facts}, the best epoch: {best_epoch} of {epochs} |
| training | {train_seconds:.1f} s, at most {peak_memory:.2f} GiB of memory |
| machine | {machine} |
| seed | {seed} |
| versions | {versions} |
| commit | {commit} |

The test split was read once, after the epoch had been chosen on validation data.

{figures}
{files}{notes}
    import kzoo
    model = kzoo.load("model.keras")    # in this folder
    model.predict(inputs)["{output}"]
"""


def card(
    config,
    metrics,
    figures,
    task,
    over_seeds=None,
    *,
    data_license: str | None = None,
    intended_use: str | None = None,
    limitations: str | None = None,
):
    """Returns the card of a run as Markdown.

    Args:
        config: The resolved config.
        metrics: Dict, what `metrics.json` holds.
        figures: Paths of its figures, relative to the folder of the run.
        task: That of the model, which tells what the test came to.
        over_seeds: The first of these numbers over several runs, or None.
        data_license: Where the data comes from and under which terms.
        intended_use: What the model is for.
        limitations: What it is not for, and what is known to go wrong.
    """
    notes = {
        "Data": data_license,
        "Start": _start(config),
        "Intended use": intended_use,
        "Limitations": limitations,
    }
    return TEMPLATE.format(
        **{key: metrics[key] for key in metrics if key not in ("versions", "files")},
        name=config["name"],
        model=_model(config),
        data=" ".join(filter(None, [config["data"]["name"], config["data"].get("dataset")])),
        headline=task.headline(metrics),
        task=task,
        output=task.output,
        facts=_facts(task.facts(metrics), over_seeds, _baseline(metrics, task)),
        peak_memory=(metrics["peak_memory_bytes"] or 0) / 2**30,
        versions=", ".join(f"{name} {version}" for name, version in metrics["versions"].items()),
        figures="\n".join(f"![{path.stem}]({path.as_posix()})" for path in figures),
        files=_files(metrics["files"], task),
        notes="".join(f"\n**{title}.** {note}\n" for title, note in notes.items() if note),
    )


def _facts(facts, over_seeds, baseline):
    first, *others = (f"| {name} | {value}" for name, value in facts.items())
    return " |\n".join([f"{first}; {over_seeds}" if over_seeds else first, *baseline, *others])


def _baseline(metrics, task):
    """Returns the row of the obvious alternative, in a list, or none."""
    found = metrics.get("baseline")
    return [f"| {found['name']} | {task.result(found)}"] if found else []


def _model(config):
    if "finetune" in config:
        return f"that of {config['finetune']['from']}, trained further"
    return config["model"]["name"]


def _start(config):
    if "finetune" in config:
        start = config["finetune"]["from"]
        return f"{start} had learnt from data of its own, whose source and terms its card tells."
    return None


def _files(files, task):
    """Returns a table of what was exported, and how far each file is from the model."""
    if not files:
        return ""
    rows = [
        f"| `{name}` | {file['bytes'] / 2**20:.2f} MiB | {file['difference']:.1e} "
        f"| {file['agreement']:.2%} | {file['note']} |"
        for name, file in files.items()
    ]
    return "\n".join(
        [
            "",
            "Each file was read in a new process and compared with the model on examples of the "
            "validation split:",
            "",
            f"| file | size | {task.difference} | {task.agreement} | |",
            "|---|---|---|---|---|",
            *rows,
            "",
        ]
    )
