"""Numbers of a training for MLflow."""

import keras
import mlflow

from kzoo.config import flat, parse

LONGEST = 500  # characters of a value


class MLflowLogger(keras.callbacks.Callback):
    """Logs the config of a run and the numbers of each epoch; a resumed run goes on in its own.

    Args:
        folder: `Path` of the run, whose `config.yaml` is logged.
        tracking_uri: Where MLflow keeps its runs, or None.
        experiment: Name of the experiment.
        run_name: Name of MLflow's run, or None.
    """

    def __init__(self, folder, tracking_uri=None, experiment="kzoo", run_name=None):
        super().__init__()
        self.folder = folder
        self.experiment = experiment
        self.run_name = run_name or folder.name
        own = None if mlflow.is_tracking_uri_set() else f"sqlite:///{folder.resolve()}/mlflow.db"
        self.client = mlflow.MlflowClient(tracking_uri or own)
        self._run = None

    def on_train_begin(self, logs=None):
        if self._run:
            return
        experiment = self.client.get_experiment_by_name(self.experiment)
        if experiment is None:
            number = self.client.create_experiment(self.experiment)
        else:
            number = experiment.experiment_id
        tag = f"tags.kzoo_folder = '{self.folder.resolve()}'"
        found = self.client.search_runs([number], tag)
        if found:
            self._run = found[0].info.run_id
            return
        tags = {"kzoo_folder": str(self.folder.resolve())}
        run = self.client.create_run(number, run_name=self.run_name, tags=tags)
        self._run = run.info.run_id
        config = flat(parse((self.folder / "config.yaml").read_text(encoding="utf-8"), "config"))
        for key, value in config.items():
            self.client.log_param(self._run, key, str(value)[:LONGEST])

    def on_epoch_end(self, epoch, logs=None):
        for name, value in logs.items():
            self.client.log_metric(self._run, name, float(value), step=epoch)

    def on_train_end(self, logs=None):
        self.client.set_terminated(self._run)
